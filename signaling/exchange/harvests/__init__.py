"""Federated results: records that are harvested from other libraries by OAI-PMH."""
