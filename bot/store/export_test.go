package store

// Waiting returns how many jobs wait for the connection.
func Waiting(s *Store) int {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	return len(s.writer.waiting)
}

// GroupSize is how many jobs one commit may hold.
const GroupSize = groupSize
