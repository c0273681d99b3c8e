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

// policyFile is the policy of this moment. The file is read again when it changes; one that is broken, or cannot be read, changes
// nothing but readiness, and the last good one stays in force. Looking at it may hang, so each look is waited for only so long.
type policyFile struct {
	path    string
	log     *slog.Logger
	patient time.Duration                      // how long a look may take
	stat    func(path string) (sight, error)   // tests let it hang
	open    func(path string) (content, error) // likewise
	now     func() time.Time

	mu     sync.Mutex
	policy *acl.Policy
	named  []acl.Subject
	read   fs.FileInfo // what was last read; nil if nothing could be
	seen   fs.FileInfo // what it was at the last look
	broken error       // why that was refused
	since  time.Time   // when the policy in force was read
	held   time.Time   // when the file was last seen to be the one in force
	others []string    // how others may write it

	hanging atomic.Int64 // looks that nobody waits for any more
	next    time.Time    // before it no look is begun, where some hang

	taken, refused atomic.Int64 // how often a version was put in force, and how often one was not
}

// sight is what a look finds, without content.
type sight struct {
	info   fs.FileInfo
	others []string
}

// content is a file as it was read.
type content struct {
	info fs.FileInfo
	data []byte
}

const (
	// policyEvery is how often the file is looked at.
	policyEvery = time.Second
	// policyStill is how long nobody may have written to the file before it is read: half a file could be one that
	// loads, without its denials.
	policyStill = time.Second
	// policyAge is how long the policy in force is not held against its file without a warning.
	policyAge = time.Minute
	// maxPolicy is more than a million rules have.
	maxPolicy = 256 << 20
)

// openPolicy reads the file for the first time. Without a good one nothing starts.
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

// lookAt is what the file is now, and who else may write it.
func lookAt(path string) (sight, error) {
	info, err := os.Stat(path)
	if err != nil {
		return sight{}, err
	}
	return sight{info, writers(path)}, regular(path, info)
}

// regular refuses what is no file: a pipe could keep its reader for ever, and a directory is named by mistake.
func regular(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s is a directory: name the policy file in it", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file (%s): write the policy into one", path, info.Mode().Type())
	}
	return nil
}

// readPolicy opens without waiting for a pipe's writer, in case that one has just taken the file's place.
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

// subjects are those that the policy of this moment names. They are listed once: chats ask for each event.
func (f *policyFile) subjects() []acl.Subject {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.named
}

// warnings say why the file as it is now is not in force, with the age of the one that is, and how others may write it.
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

// inForce is when the policy in force was read, and when its file was last seen to hold it.
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

// look reads the file if it has changed and nobody writes to it any more.
func (f *policyFile) look(now time.Time) {
	seen, err := hang(f, now, func() (sight, error) { return f.stat(f.path) })
	if err != nil {
		f.read = nil
		f.refuse(err)
		return
	}
	f.heed(seen.others)
	info := seen.info
	// A file from a machine whose clock is ahead says nothing of how long it has been still.
	still := now.Sub(info.ModTime()) >= policyStill || now.Before(info.ModTime()) && unchanged(info, f.seen)
	f.seen = info
	switch {
	case unchanged(info, f.read):
		f.hold(now)
	case still:
		f.load(now)
	}
}

// hang waits for what may hang. What still hangs is counted: the more of them, the seldomer another is begun, since each keeps a
// thread for as long as the mount is dead.
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

// load reads the file and puts it in force, if it is good. Its warnings are for whoever wrote it.
func (f *policyFile) load(now time.Time) {
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
	for _, w := range policy.Warnings() {
		f.log.Warn("policy file", "warning", w)
	}
	f.log.Info("policy in force", "file", f.path, "policy", policy.Hash())
	f.taken.Add(1)
	named := policy.Subjects()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.policy, f.named, f.broken, f.since, f.held = policy, named, nil, now, now
}

// hold notes that the file is the one that was read, which is the one in force unless that was refused.
func (f *policyFile) hold(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil {
		f.held = now
	}
}

// heed remembers how others may write the file, and logs it once.
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

// refuse remembers what is wrong, and logs and counts it once.
func (f *policyFile) refuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil || f.broken.Error() != err.Error() {
		f.log.Error("policy file refused", "error", err)
		f.refused.Add(1)
	}
	f.broken = err
}
