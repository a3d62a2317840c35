"""素问 Suwen: telemedicine for Chinese medicine and general clinics."""

__version__ = "0.1.0"
