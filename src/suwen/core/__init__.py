"""What every package stands on and what knows no domain: database, outbox, errors, audit, sealing, the web."""
