package notify

// The forms of a notification. Text of containers and of ECS is in it: it is shown as it
// is, and cannot mention anybody, nor become a link or a format.

import (
	"encoding/json"
	"fmt"
	"strings"
)

const (
	// titleLimit and linesLimit are how many characters of the first line and of the
	// others a chat gets: Slack takes 3,000 in a section, escapes included.
	titleLimit = 300
	linesLimit = 2800
)

// object is a JSON object.
type object = map[string]any

// body is the message in the form of the target.
func (t Target) body(m Message) ([]byte, error) {
	title, lines := short(m)
	var form any
	switch t.kind {
	case slack:
		form = slackForm(title, lines, m.Good)
	case teams:
		form = teamsForm(title, lines, m.Good)
	default:
		return m.JSON, nil
	}
	text, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("the message cannot be written: %w", err)
	}
	return text, nil
}

// short is as much of a message as a chat gets.
func short(m Message) (title string, lines []string) {
	if len(m.Lines) == 0 {
		return "", nil
	}
	left := linesLimit
	for _, line := range m.Lines[1:] {
		length := len([]rune(slackText.Replace(line))) + 1
		if left -= length; left < 0 {
			return cut(m.Lines[0]), append(lines, "…")
		}
		lines = append(lines, line)
	}
	return cut(m.Lines[0]), lines
}

// cut is a title that is not too long.
func cut(title string) string {
	if letters := []rune(title); len(letters) > titleLimit {
		return string(letters[:titleLimit]) + "…"
	}
	return title
}

// slackText escapes what Slack acts upon, as "Formatting text for app surfaces" says:
// without "<" there is no link and no mention.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "```", "'''")

// slackForm is a message of an incoming webhook. With verbatim, Slack looks for neither
// links nor names in the text.
func slackForm(title string, lines []string, good bool) object {
	mark := ":x: "
	if good {
		mark = ":white_check_mark: "
	}
	section := func(text string) object {
		return object{"type": "section", "text": object{"type": "mrkdwn", "verbatim": true, "text": text}}
	}
	blocks := []object{section(mark + slackText.Replace(title))}
	if len(lines) > 0 {
		blocks = append(blocks, section("```\n"+slackText.Replace(strings.Join(lines, "\n"))+"\n```"))
	}
	return object{"text": slackText.Replace(title), "blocks": blocks}
}

// teamsForm is a message with an Adaptive Card, as the workflows of Teams take it. A
// TextRun has no Markdown, and without entities there are no mentions.
func teamsForm(title string, lines []string, good bool) object {
	color := "Attention"
	if good {
		color = "Good"
	}
	run := func(text string, style object) object {
		style["type"], style["text"] = "TextRun", text
		return object{"type": "RichTextBlock", "spacing": "None", "inlines": []object{style}}
	}
	body := []object{run(title, object{"size": "Medium", "weight": "Bolder", "color": color})}
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		indent := strings.Repeat("\u00a0", len(line)-len(text)) // other spaces are not shown there
		body = append(body, run(indent+text, object{"fontType": "Monospace"}))
	}
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"msteams": object{"width": "Full"}, "body": body,
	}
	return object{"type": "message", "attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}}
}
