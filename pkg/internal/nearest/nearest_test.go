package nearest_test

import (
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
)

func TestName(t *testing.T) {
	candidates := []string{"memory", "memoryReservation", "environment", "environmentFiles", "name", "image"}
	tests := []struct{ word, want string }{
		{"memry", "memory"},
		{"enviroment", "environment"},
		{"Image", "image"},
		{"imagee", "image"},
		{"nmae", ""}, // two of four letters
		{"volumes", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := nearest.Name(tt.word, candidates); got != tt.want {
			t.Errorf("Name(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}
