package deploy_test

import "testing"

// hostileRegressions are cases that were wrong once, as TestHostileRollouts prints
// them.
var hostileRegressions = []string{
	"crash wait 4: hang Describe* 16s+14s 3",
	"crash-classic run 6: ",
	"crash-unrelated tight 8: half-hang UpdateService 0s+0s 0",
	"crash-unrelated tight 9: hang-lost UpdateService 0s+29s 0",
	"crash-unrelated both 40: other *ServiceDeployments 0s+24h0m0s 1",
	"unrelated running 61: stale UpdateService 0s+43s 5",
	"flaky interrupt-back 67: other DescribeServiceDeployments 0s+24h0m0s 1",
	"unguarded back 68: stale UpdateService 0s+0s 5",
	"healthy run 69: loop ListTasks 0s+24h0m0s 0",
	"slow interrupt-back 110: half-hang StopServiceDeployment 0s+0s 0",
	"healthy interrupt 113: stale UpdateService 0s+0s 5",
	"crash again 126: half-hang UpdateService 0s+0s 0",
	"crash-unrelated count 691: half-hang UpdateService 0s+0s 0; scale - 52s+0s 2",
	"flaky interrupt-back 1008: stale * 0s+14s 6; empty UpdateService 0s+1s 0",
	"crash-no-back drained 1017: other DescribeServiceDeployments 0s+24h0m0s 0; stale DescribeServices 0s+7s 20",
	"classic tight 1028: stale * 0s+59s 4; internal-lost RegisterTaskDefinition 0s+21s 0",
	"crash-unrelated join 1075: stale * 0s+1m0s 6; lost RegisterTaskDefinition 0s+0s 0",
	"crash-no-back run 1136: hang DescribeServiceDeployments 47s+47s 1",
	"crash-unrelated again 1161: half-hang DescribeServices 57s+45s 2",
	"crash interrupt-back 1168: half-hang UpdateService 0s+0s 0",
	"crash-no-back run 1172: stale * 0s+11s 7; internal-lost UpdateService 0s+0s 0",
	"flaky drained 2019: lost UpdateService 0s+0s 0; colleague UpdateService 0s+0s 1",
	"crash-unguarded interrupt-back 2069: hang-lost StopServiceDeployment 0s+0s 0",
	"flaky back 2164: restart - 22s+0s 3; half-hang UpdateService 0s+0s 0",
	"crash-unrelated restart 2216: other DescribeServiceDeployments 0s+24h0m0s 1",
	"unrelated wait 3646: stale DescribeServices 0s+12s 7; internal-lost UpdateService 0s+0s 0",
	"unrelated tight-running 601002: lost UpdateService 0s+0s 0; stale Describe* 0s+1m0s 4",
	"unrelated tight-running 601085: stale * 0s+51s 7; lost UpdateService 0s+0s 0",
	"healthy count 601224: scale - 28s+0s 1; half-hang UpdateService 0s+0s 0",
	"crash-unrelated count 601376: delete UpdateService 0s+0s 1; half UpdateService 0s+0s 0",
	"classic join 602022: stale DescribeServices 0s+51s 8",
	"crash-unguarded count 602216: half-hang UpdateService 0s+0s 0; delete - 54s+0s 0",
	"crash-unrelated join 602460: stale DescribeServices 0s+1m0s 5",
	"crash back 801872: half-hang UpdateService 0s+0s 0; restart UpdateService 0s+0s 1",
	"crash-classic running 802217: restart - 1s+0s 1; empty UpdateService 0s+0s 0",
	"classic join 803161: stale DescribeServices 0s+54s 4",
	"crash-unrelated drained 500025: hang-lost UpdateService 0s+0s 0; other DescribeServiceRevisions 0s+24h0m0s 1",
	"crash-unrelated restart 101284: lost UpdateService 0s+0s 0; colleague UpdateService 0s+0s 0",
	"classic run 13000285: delete UpdateService 0s+0s 1; half-hang UpdateService 0s+0s 0",
	"slow interrupt 13001200: stale * 0s+58s 20; lost UpdateService 0s+0s 0; stale DescribeServiceRevisions 0s+18s 20; stale * 42s+59s 3",
	"crash-classic back 15002223: hang DescribeServices 50s+54s 3; delete - 1m0s+0s 0",
	"classic join 2000681: stale * 0s+12s 8",
	"healthy interrupt 21000934: internal-lost RegisterTaskDefinition 0s+0s 0; colleague RegisterTaskDefinition 0s+0s 1",
	"crash interrupt-back 21001177: lost RegisterTaskDefinition 0s+1s 0; colleague RegisterTaskDefinition 0s+0s 1",
	"unrelated again 21002269: lost UpdateService 0s+48s 0; stop UpdateService 0s+0s 1",
}

// TestHostileRegressions runs the cases that were wrong once.
func TestHostileRegressions(t *testing.T) {
	for _, text := range hostileRegressions {
		t.Run(text, func(t *testing.T) {
			c, err := parseCase(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range c.play(t).found {
				t.Error(found)
			}
		})
	}
}
