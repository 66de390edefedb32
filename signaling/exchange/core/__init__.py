"""The formats and the protocol, pure: records, LOM, Dublin Core, requests and answers."""
