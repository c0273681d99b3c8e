package store

// ofdSetLock is F_OFD_SETLK.
const ofdSetLock = 90
