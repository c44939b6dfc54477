package report

// The live region of a terminal: the frame of the story, below the lines of the log,
// drawn anew ten times a second at most.
//
// It changes no mode of the terminal, and the cursor stays visible: whatever ends the
// process, at any moment, leaves a terminal that works. It reads no keys, so that Ctrl-C
// and Ctrl-Z stay signals.

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

const (
	// framesPerSecond is how often the region is drawn if something changes.
	framesPerSecond = 10
	// firstFrame is how long the first frame is waited for: lines above a region that
	// was never drawn would scroll the whole screen.
	firstFrame = 2 * time.Second
	// restPerWork bounds what a frame costs: nothing is drawn for so many times the time
	// that the last frame took.
	restPerWork = 80
	// roomAbove is how many rows of a terminal stay free above the region, for lines.
	roomAbove = 8
)

// live is the live region of one terminal. It may be used by several goroutines.
type live struct {
	options Options
	canvas  *canvas
	frame   func(Size) []Line // where the story stands

	mutex   sync.Mutex
	program *tea.Program  // nil while the region is not there
	ended   chan struct{} // closed when program has ended
	broken  bool          // a program failed: lines must do
	signals func()        // stops listening to signals; nil before
	version atomic.Int64  // of the story
	size    atomic.Pointer[Size]
}

func newLive(o Options, frame func(Size) []Line) *live {
	l := &live{options: o, canvas: newCanvas(io.Discard, o.ErrColor), frame: frame}
	l.size.Store(&o.Size)
	return l
}

// changed tells that the story has moved.
func (l *live) changed() { l.version.Add(1) }

// show brings the region onto the terminal, if it is not there.
func (l *live) show() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.signals == nil {
		l.signals = l.onStop()
	}
	l.start()
}

// hide takes the region from the terminal. The cursor is where the region began.
func (l *live) hide() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.stop()
	if l.signals != nil {
		l.signals()
		l.signals = nil
	}
}

// print writes lines above the region; for lines that do not fit there, the region is
// taken away. It reports whether there is one.
func (l *live) print(lines []Line) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.running() {
		return false
	}
	var rows []string
	size, height := *l.size.Load(), 0
	l.canvas.width = l.options.width()
	for _, line := range lines {
		for _, row := range l.canvas.rows(line) {
			text, width := l.painted(row), cells(lettersOf(Line{Parts: row}))
			if size.Width > 0 && width > 0 && width%size.Width == 0 {
				// Bubble Tea erases what is right of a row: at the edge, its last character.
				text, width = text+" ", width+1
			}
			rows = append(rows, text)
			height += 1 + max(width-1, 0)/max(size.Width, 1)
		}
	}
	switch {
	case len(rows) == 0:
	case size.Height > 0 && height > above(size.Height):
		l.stop()
		_, _ = io.WriteString(l.options.Raw, strings.Join(rows, "\n")+"\n") // an error of the terminal shows with the next frame
		l.start()
	default:
		l.program.Send(tea.Println(strings.Join(rows, "\n"))())
	}
	return true
}

// above is how many rows of a terminal so high stay free above the region. Lines that take
// more do not fit there: Bubble Tea would scroll the region out of the terminal, and draw
// the next frames into its remains.
func above(height int) int { return min(roomAbove, height/2) }

// running reports whether the region is there.
func (l *live) running() bool {
	if l.program == nil {
		return false
	}
	select {
	case <-l.ended:
		l.program, l.broken = nil, true
	default:
	}
	return l.program != nil
}

// start starts the program that draws the region, and waits for its first frame.
func (l *live) start() {
	if l.running() || l.broken || !foreground(l.options.Raw) {
		return
	}
	profile := colorprofile.Ascii
	if l.options.ErrColor {
		profile = colorprofile.ANSI
	}
	out := newFirstWrite(l.options.Raw)
	options := []tea.ProgramOption{
		tea.WithOutput(out.writer()), tea.WithInput(nil), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond),
		tea.WithColorProfile(profile), tea.WithEnvironment([]string{"TERM=" + l.options.Term}),
	}
	if size := l.options.Size; size != (Size{}) {
		options = append(options, tea.WithWindowSize(size.Width, size.Height))
	}
	program, ended := tea.NewProgram(&region{live: l}, options...), make(chan struct{})
	l.program, l.ended = program, ended
	go func() {
		defer close(ended)
		_, _ = program.Run() // a region that fails is no reason to fail: see running
	}()
	select {
	case <-out.done:
	case <-ended:
	case <-time.After(firstFrame):
	}
}

// stop ends the program, which erases the region.
func (l *live) stop() {
	if !l.running() {
		return
	}
	l.program.Send(stopMessage{})
	<-l.ended
	l.program = nil
}

// painted is a row in its colours, for the terminal.
func (l *live) painted(row []Part) string {
	var b bytes.Buffer
	_, _ = printable.NewWriter(&b).Write([]byte(l.canvas.painted(row)))
	return b.String()
}

// region is the program of the live region.
type region struct {
	live    *live
	size    Size
	content string
	rows    int
	drawn   int64 // the version of the story in content
	second  int64 // and of which second it is
	rest    time.Time
	stopped bool
}

type (
	tickMessage struct{}
	stopMessage struct{}
)

func tick() tea.Cmd {
	return tea.Tick(time.Second/framesPerSecond, func(time.Time) tea.Msg { return tickMessage{} })
}

// Init starts the clock.
func (r *region) Init() tea.Cmd { return tick() }

// Update draws the frame when the story has moved, or a second has passed.
func (r *region) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		r.size = Size{message.Width, message.Height}
		r.live.size.Store(&Size{message.Width, message.Height})
		r.draw()
	case tickMessage:
		version, second := r.live.version.Load(), time.Now().Unix()
		if version == r.drawn && second == r.second || time.Now().Before(r.rest) {
			return r, tick()
		}
		began := time.Now()
		r.draw()
		r.rest = began.Add(restPerWork * time.Since(began))
		anew := second != r.second
		r.drawn, r.second = version, second
		if anew { // whole, in case that somebody typed into the region; ClearScreen moves the cursor, too
			return r, tea.Batch(tick(), func() tea.Msg { return tea.WindowSizeMsg(r.size) })
		}
		return r, tick()
	case stopMessage:
		r.stopped = true
		return r, tea.Quit
	}
	return r, nil
}

func (r *region) draw() {
	var b strings.Builder
	lines := r.live.frame(Size{r.size.Width, r.size.Height - above(r.size.Height)})
	for _, line := range lines {
		b.WriteString(r.live.canvas.styled(cut(line, r.size.Width-1)) + "\n")
	}
	r.content, r.rows = b.String(), len(lines)
}

// ownShape is the cursor as the user has it: the program asks for no other one.
const ownShape = tea.CursorShape(-1)

// View is the frame, and a row below it for the cursor.
func (r *region) View() tea.View {
	view := tea.View{DisableBracketedPasteMode: true, Cursor: &tea.Cursor{Shape: ownShape}}
	if !r.stopped {
		view.Content = r.content
		view.Cursor.Y = r.rows
	}
	return view
}
