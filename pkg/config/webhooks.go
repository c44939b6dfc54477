package config

// Webhook is the URL of a webhook, which is a secret, and who set it.
type Webhook struct {
	URL, From string
}

// Webhooks are the webhooks to which the outcome is posted. A settings file only names
// variables of the environment: the URLs are the user's. unset are the variables that are
// not set.
func (s *Settings) Webhooks() (found []Webhook, unset []string) {
	for _, url := range s.Notify {
		found = append(found, Webhook{url, s.Origin("notify").String()})
	}
	for _, name := range s.NotifyEnvVars {
		url, _ := s.variable(name)
		if url == "" {
			unset = append(unset, name)
			continue
		}
		found = append(found, Webhook{url, "the variable " + name})
	}
	return found, unset
}
