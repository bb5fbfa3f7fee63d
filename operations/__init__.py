"""The logbook: runs features as operations, records and audits them, and holds their locks."""
