package chat_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/bot/chat"
)

func TestOneLine(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"a\nb\tc\u2028d":                       "a b c d",
		"abc\u202egnp.exe":                     "abc�gnp.exe",
		"a\u200bb\u200dc\u2060d\ufeffe\u00adf": "a�b�c�d�e�f",
		"bad \xff byte":                        "bad � byte",
		"刷新 😀":                                 "刷新 😀",
	} {
		assert.Equal(t, want, chat.OneLine(s), "%q", s)
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 4, chat.Units("a😀b"), "an emoji is two units")
	for limit, want := range map[int]string{4: "a😀b", 3: "a…", 2: "a…", 1: "…"} {
		assert.Equal(t, want, chat.Clip("a😀b", limit), limit)
		assert.LessOrEqual(t, chat.Units(chat.Clip("a😀b", limit)), limit)
	}
}
