package image

// Images in private registries of Amazon ECR say in their names where they are.

import "strings"

// ECR is the AWS account and the region of an image in a private registry of Amazon ECR,
// by the registry's host: 123456789012.dkr.ecr.eu-west-1.amazonaws.com, its FIPS form and
// that of China, or 123456789012.dkr-ecr.eu-west-1.on.aws. ok is false for any other.
func (r Reference) ECR() (account, region string, ok bool) {
	account, rest, _ := strings.Cut(r.Registry(), ".")
	for _, prefix := range []string{"dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."} {
		tail, found := strings.CutPrefix(rest, prefix)
		if !found {
			continue
		}
		region, domain, _ := strings.Cut(tail, ".")
		known := domain == "amazonaws.com" || domain == "amazonaws.com.cn" || domain == "on.aws" || domain == "on.amazonwebservices.com.cn"
		return account, region, known && region != "" && len(account) == 12
	}
	return "", "", false
}
