package config

// If flags ask only for a count, a limit or a restart, nothing else changes: the file's image
// may be older than the running one, and is ignored.

import "slices"

// imageless are the flags that ask for something, and for no definition.
func imageless() []string { return append(SettingKeys(), "force-new-deployment") }

// settleImageless clears the file's settings of the definition if the flags ask only for
// something else.
func (s *Settings) settleImageless() {
	asked, imageless := false, imageless()
	for _, key := range s.Keys() {
		flag := s.Origin(key.Name).Layer == Flag
		switch {
		case slices.Contains(imageless, key.Name):
			asked = asked || flag
		case s.ofDefinition(key) && s.aboveFile(key):
			return
		}
	}
	if !asked {
		return
	}
	for _, key := range s.Keys() {
		if s.ofDefinition(key) && key.Name == mapName(key) && s.Origin(key.Name).Layer != BuiltIn {
			s.takeBack(key.Name)
			s.kept = append(s.kept, key.Name)
		}
	}
}

// ofDefinition reports whether a key says which definition should run. A family that
// finds the service does not.
func (s *Settings) ofDefinition(key Key) bool {
	return key.changesDefinition() || key.Name == "pin-digest" || key.Name == "task-definition" && s.Service != ""
}

// aboveFile reports whether a flag or a variable gives a key.
func (s *Settings) aboveFile(key Key) bool { return s.Origin(key.Name).Layer >= Variable }

// Kept are the names of keys that the file gives and that are not used, because
// flags ask for a count, a limit or a restart alone.
func (s *Settings) Kept() []string { return s.kept }
