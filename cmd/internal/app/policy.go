package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"purgebot/acl"
)

// policyFile watches the policy file and holds the policy in force. A changed file is read again. A broken or unreadable
// file only affects readiness: the last good policy stays in force. Access to the file may hang, so every access has a
// time limit.
type policyFile struct {
	path    string
	log     *slog.Logger
	patient time.Duration                      // time limit of one access
	stat    func(path string) (sight, error)   // replaced in tests, to hang
	open    func(path string) (content, error) // replaced in tests, to hang
	now     func() time.Time

	mu     sync.Mutex
	policy *acl.Policy
	named  []acl.Subject
	read   fs.FileInfo // file as last read; nil after a failed read
	seen   fs.FileInfo // file at the last look
	broken error       // reason why the file as last read is not in force
	since  time.Time   // time at which the policy in force was read
	held   time.Time   // time at which the file last held the policy in force
	others []string    // ways in which other users may write the file

	hanging atomic.Int64 // accesses that exceeded their time limit and still hang
	next    time.Time    // no access begins before this time while others hang

	taken, refused atomic.Int64 // numbers of accepted and of refused versions
}

// sight is the result of a look at the file, without its content.
type sight struct {
	info   fs.FileInfo
	others []string
}

// content is the file as it was read.
type content struct {
	info fs.FileInfo
	data []byte
}

const (
	// policyEvery is the interval between two looks at the file.
	policyEvery = time.Second
	// policyStill is the time without a write before the file is read. Half a file might load without its denials.
	policyStill = time.Second
	// policyAge is the age of the last successful look that leads to a warning.
	policyAge = time.Minute
	// maxPolicy is the maximum size of a policy file, enough for more than a million rules.
	maxPolicy = 256 << 20
)

// openPolicy reads the file for the first time. Start fails without a good policy.
func openPolicy(path string, log *slog.Logger) (*policyFile, error) {
	f := &policyFile{path: path, log: log, patient: readFor, stat: lookAt, open: readPolicy, now: time.Now}
	now := f.now()
	seen, err := within(f.patient, func() (sight, error) { return f.stat(path) })
	if err == nil {
		f.heed(seen.others)
		f.load(now)
		err = f.broken
	}
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("PURGEBOT_ACL: %w (purgebot acl init writes a file that loads)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("PURGEBOT_ACL: %w", err)
	}
	return f, nil
}

// lookAt returns the state of the file and the ways in which other users may write it.
func lookAt(path string) (sight, error) {
	info, err := os.Stat(path)
	if err != nil {
		return sight{}, err
	}
	return sight{info, writers(path)}, regular(path, info)
}

// regular returns an error for a directory, named by mistake, and for a pipe or a device, whose reader may wait for
// ever.
func regular(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s is a directory: name the policy file in it", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file (%s): write the policy into one", path, info.Mode().Type())
	}
	return nil
}

// readPolicy reads the file. Opening does not block, in case a pipe has just replaced the file.
func readPolicy(path string) (content, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return content{}, err
	}
	data, err := readMost(f, maxPolicy)
	return content{info, data}, err
}

func (f *policyFile) current() *acl.Policy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.policy
}

// subjects returns the subjects that the policy in force names. The list is made once per policy, since chats ask for it
// at each event.
func (f *policyFile) subjects() []acl.Subject {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.named
}

// warnings returns the reason why the current file is not in force, with the age of the policy in force, and the ways in
// which other users may write the file.
func (f *policyFile) warnings() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.others)
	now := f.now()
	unheld := now.Sub(f.held).Round(time.Second)
	last := fmt.Sprintf("the last good one stays in force (read at %s UTC, last found in the file %s ago)", f.since.UTC().Format(time.DateTime), unheld)
	switch {
	case f.broken != nil:
		all = append(all, fmt.Sprintf("policy file: %s: %v", last, f.broken))
	case unheld > policyAge:
		all = append(all, "policy file: "+last)
	}
	return all
}

// inForce returns the time at which the policy in force was read, and the time at which the file was last seen to hold
// it.
func (f *policyFile) inForce() (read, held time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since, f.held
}

// watch looks at the file until ctx ends.
func (f *policyFile) watch(ctx context.Context) {
	tick := time.NewTicker(policyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f.look(now)
		}
	}
}

// look reads the file if it has changed and is no longer being written.
func (f *policyFile) look(now time.Time) {
	seen, err := hang(f, now, func() (sight, error) { return f.stat(f.path) })
	if err != nil {
		f.read = nil
		f.refuse(err)
		return
	}
	f.heed(seen.others)
	info := seen.info
	// The modification time of a file from a machine with a fast clock lies in the future; such a file is still if two
	// looks agree.
	still := now.Sub(info.ModTime()) >= policyStill || now.Before(info.ModTime()) && unchanged(info, f.seen)
	f.seen = info
	switch {
	case unchanged(info, f.read):
		f.hold(now)
	case still:
		f.load(now)
	}
}

// hang runs an access that may hang. Each hanging access keeps a thread until the mount answers, so new accesses become
// rarer with the number of hanging ones.
func hang[T any](f *policyFile, now time.Time, do func() (T, error)) (T, error) {
	var none T
	if n := f.hanging.Load(); n > 0 && now.Before(f.next) {
		return none, errSilent
	}
	value, err := within(f.patient, func() (T, error) {
		f.hanging.Add(1)
		defer f.hanging.Add(-1)
		return do()
	})
	if errors.Is(err, errSilent) {
		f.next = now.Add(time.Duration(f.hanging.Load()) * time.Minute)
	}
	return value, err
}

func unchanged(info, before fs.FileInfo) bool {
	return before != nil && os.SameFile(info, before) && info.ModTime().Equal(before.ModTime()) && info.Size() == before.Size()
}

// load reads the file and puts a good policy in force.
func (f *policyFile) load(now time.Time) {
	// An unreadable or broken file leaves the last good policy in force.
	got, err := hang(f, now, func() (content, error) { return f.open(f.path) })
	if err != nil {
		f.refuse(err)
		return
	}
	f.read = got.info
	policy, err := acl.Parse(f.path, got.data)
	if err != nil {
		f.refuse(err)
		return
	}
	// The log shows the warnings to the author of the file.
	for _, w := range policy.Warnings() {
		f.log.Warn("the policy file has a warning", "warning", w)
	}
	f.log.Info("policy in force", "file", f.path, "policy", policy.Hash())
	f.taken.Add(1)
	// The new policy replaces the old one in one step.
	named := policy.Subjects()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.policy, f.named, f.broken, f.since, f.held = policy, named, nil, now, now
}

// hold records that the file has not changed since it was read. The time counts only if that version is in force.
func (f *policyFile) hold(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil {
		f.held = now
	}
}

// heed remembers the ways in which other users may write the file, and logs each new finding once.
func (f *policyFile) heed(others []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(others, f.others) {
		for _, o := range others {
			f.log.Warn(o)
		}
	}
	f.others = others
}

// refuse remembers the reason of a refusal, and logs and counts it once.
func (f *policyFile) refuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil || f.broken.Error() != err.Error() {
		f.log.Error("policy file refused", "error", err)
		f.refused.Add(1)
	}
	f.broken = err
}
