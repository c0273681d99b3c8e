package slacksim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// upload is a file on its way: its URL is asked for, its bytes are sent there, and it is shared.
// https://docs.slack.dev/messaging/working-with-files/#uploading_files
type upload struct {
	file   File
	length int
	sent   bool
}

func (w *Workspace) uploadURL(a args) answer {
	length, err := strconv.Atoi(a["length"])
	if err != nil || length <= 0 || a["filename"] == "" {
		return fail("invalid_arguments")
	}
	id := w.id("F")
	w.uploads[id] = &upload{file: File{ID: id, Name: a["filename"], Title: a["filename"]}, length: length}
	return answer{"upload_url": w.own + "/upload/v1/" + id, "file_id": id}
}

func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	body, err := uploaded(r)
	defer w.lock()()
	u := w.uploads[strings.TrimPrefix(r.URL.Path, "/upload/v1/")]
	switch {
	case w.down:
		http.Error(rw, "Service Unavailable", http.StatusServiceUnavailable)
	case u == nil || u.sent:
		http.Error(rw, "no such upload", http.StatusNotFound)
	case err != nil || r.Method != http.MethodPost || len(body) != u.length:
		http.Error(rw, "the body is not the file that was announced", http.StatusBadRequest)
	default:
		u.file.Content, u.sent = body, true
		_, _ = fmt.Fprintf(rw, "OK - %d", len(body))
	}
}

// uploaded reads the bytes of a file, sent bare or as the only part of a form.
func uploaded(r *http.Request) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

func (w *Workspace) completeUpload(a args) answer {
	var wanted []struct{ ID, Title string }
	if json.Unmarshal([]byte(a["files"]), &wanted) != nil || len(wanted) == 0 {
		return fail("invalid_arguments")
	}
	var files []File
	listed := []answer{}
	for _, f := range wanted {
		u := w.uploads[f.ID]
		if u == nil || !u.sent {
			return fail("file_not_found")
		}
		u.file.Title = cmp.Or(f.Title, u.file.Title)
		files = append(files, u.file)
		listed = append(listed, answer{"id": f.ID, "title": u.file.Title, "name": u.file.Name, "size": len(u.file.Content)})
	}
	if refused := w.share(a, files); refused != nil {
		return refused
	}
	for _, f := range files {
		delete(w.uploads, f.ID)
	}
	return answer{"files": listed}
}

// share posts the files where the call says; without a channel they stay private to the bot.
func (w *Workspace) share(a args, files []File) answer {
	if a["channel_id"] == "" {
		return nil
	}
	c, refused := w.destination(args{"channel": a["channel_id"], "thread_ts": a["thread_ts"]})
	if refused != nil {
		return refused
	}
	m := w.message(a, c, content{text: a["initial_comment"]})
	m.Files = files
	w.post(m)
	return nil
}
