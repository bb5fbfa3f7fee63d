"""The logbook: runs features as operations, records and audits them, and keeps two off one target.

    feature --> Operation --> scrubbed events --> Recorder (rows of our database), and every given sink

A `Runner` takes the target's lock and writes the operation row and the audit intent in one transaction, then
calls the feature, then writes the outcome, its audit row and the lock's release in another.
"""
