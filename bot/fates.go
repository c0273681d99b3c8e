package bot

import "sync"

// fates settles, for jobs that are not recorded yet, which comes first: the workflow that takes the job up,
// or the handler that tells the person "not taken" because it cannot wait any longer. Only one of the two may win.
type fates struct {
	mu sync.Mutex
	of map[string]fate
}

type fate int

const (
	committing fate = iota + 1
	taken
	given // up
)

// begin reports whether the job is new here.
func (f *fates) begin(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[id] != 0 {
		return false
	}
	if f.of == nil {
		f.of = map[string]fate{}
	}
	f.of[id] = committing
	return true
}

// end forgets a job that is recorded, or whose commit failed.
func (f *fates) end(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, id)
}

// take reports whether the workflow may go on with the job.
func (f *fates) take(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[id] == given {
		return false
	}
	if f.of[id] == committing {
		f.of[id] = taken
	}
	return true
}

// drop reports whether the job is given up: not if the workflow has taken it. What is dropped is remembered, being rare.
func (f *fates) drop(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[id] != committing { // taken, and perhaps recorded already
		return false
	}
	f.of[id] = given
	return true
}

func (f *fates) dropped(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[id] == given
}
