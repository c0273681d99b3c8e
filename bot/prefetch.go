package bot

// Prefetching fetches the URLs of a purge into the caches again, once they are done. It is a purge of its own in all but the name:
// the same workflow, ledger and cards, of a kind that nobody types and no rule names. Nobody is asked about it, since the purge was
// decided; whoever may no longer purge its URLs by then has them fetched no more.
