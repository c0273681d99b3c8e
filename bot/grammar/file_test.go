package grammar

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/chat"
	"purgebot/purge"
)

func inFile(text string) *chat.Fields {
	return &chat.Fields{Verb: "url", Targets: "https://www.test.com/typed", File: &chat.File{Name: "list.txt", Text: text}}
}

func TestAFileAddsTargets(t *testing.T) {
	t.Parallel()
	in, err := ParseFields(inFile("https://www.test.com/1\r\n\n<https://www.test.com/2>, https://www.test.com/3"))
	require.NoError(t, err)
	assert.Len(t, in.Targets, 4)
	f := inFile("https://www.test.com/1")
	f.Targets = ""
	in, err = ParseFields(f)
	require.NoError(t, err)
	assert.Len(t, in.Targets, 1)
}

// TestAMistakeInAFileIsNamedByItsLine: whatever stands on the lines around it, and whatever it is.
func TestAMistakeInAFileIsNamedByItsLine(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	right := []string{"", "  ", "https://www.test.com/a", "<https://www.test.com/b>", "`https://www.test.com/c`", "\"https://www.test.com/d\"", ", ;",
		"https://www.test.com/e,https://www.test.com/f", "[g](https://www.test.com/g)", "\thttps://www.test.com/h  ", "https://www.test.com/ä"}
	for _, wrong := range []string{"please", "--overseas", "dir", "@bob", "purge https://www.test.com/z", "<@1>", "#", "ä", "-"} {
		for range 20 {
			lines := make([]string, 1+random.IntN(60))
			for i := range lines {
				lines[i] = right[random.IntN(len(right))]
			}
			at := random.IntN(len(lines))
			lines[at] = []string{"", " ", "https://www.test.com/x ", ", "}[random.IntN(4)] + wrong
			_, err := ParseFields(inFile(strings.Join(lines, []string{"\n", "\r\n"}[random.IntN(2)])))
			require.Error(t, err, "%q", lines)
			message := purge.AsError(err).Message
			assert.Contains(t, message, fmt.Sprintf("Line %d of the file \"list.txt\" holds ", at+1), "%q", lines)
			assert.NotContains(t, message, "field")
		}
	}
}

func TestWhatIsTypedBesideAFileIsBlamedOnItsField(t *testing.T) {
	t.Parallel()
	f := inFile("https://www.test.com/1")
	f.Targets = "please"
	_, err := ParseFields(f)
	assert.ErrorContains(t, err, `The field "targets" holds "please"`)
	_, err = ParseFields(inFile("https://www.test.com/1\n--overseas"))
	assert.ErrorContains(t, err, `You may mean area: overseas, beside the file.`)
	_, err = ParseFields(inFile(" \n\n"))
	assert.ErrorContains(t, err, `The file "list.txt" holds no link`)
	_, err = ParseFields(&chat.Fields{Verb: "status", ID: "p-7k3f9x2q", File: &chat.File{Name: "list.txt", Text: "https://www.test.com/"}})
	assert.ErrorContains(t, err, `The field "file" is not for status`)
	_, err = ParseFields(inFile(strings.Repeat("https://www.test.com/ ", maxText/20)))
	assert.ErrorContains(t, err, "at most", "a file counts")
}
