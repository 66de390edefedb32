"""Resources that go to other libraries and come from them: OAI-PMH, LOM and Dublin Core."""
