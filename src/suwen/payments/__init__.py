"""Orders, transactions, refunds, prices, and a ledger that balances. Sells a subject and knows not what it is."""
