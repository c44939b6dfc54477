# Runs the commands of the AWS CLI that come as lines of JSON, in this one process.
# Prints for each a line of JSON: exit code, standard output, standard error.
import contextlib
import io
import json
import sys

import awscli.clidriver

driver = awscli.clidriver.create_clidriver()
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(json.loads(line))
        except SystemExit as e:
            code = e.code
    print(json.dumps([code or 0, out.getvalue(), err.getvalue()]), flush=True)
