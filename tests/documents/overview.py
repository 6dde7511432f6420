"""What jobevents(1) says besides its options. `#` begins a section, four blanks begin code, which tests run."""

from typing import Final

OVERVIEW: Final = """\
# CONCEPTS

A job is one run of Puppet, of a task, a command or a script on some nodes, started through the orchestrator of Puppet
Enterprise: by puppet job run, puppet task run, the console, the API, or a plan. A node has a certname. A job has a
number, its id. A plan starts jobs; plan jobs have numbers of their own: plan/12.

While a job runs, the orchestrator records events: a node started, finished, failed, could not be reached (errored) or
was skipped, and at last the job ended. `tail` asks for the new ones again and again, and prints each of them exactly
once. `list` prints those that there are.

After a Puppet run PuppetDB has its report: the resources that failed, and the log. `why` reads them and groups the
failed nodes by cause. What tasks and plans failed with the orchestrator knows itself.

jobevents only reads. It starts, stops and changes nothing, and Ctrl-C ends the tail, not the job.

# FIRST STEPS

Where PE's client tools are configured, nothing needs to be done but puppet-access login. Otherwise say where the
orchestrator is, copy the CA's certificate, which every Puppet node has, and paste a token, which the console makes (My
account, Tokens), Enter, Ctrl-D:

    jobevents config set url https://pe.example.com
    scp pe.example.com:/etc/puppetlabs/puppet/ssl/certs/ca.pem ~/pe-ca.pem
    jobevents config set cacert ~/pe-ca.pem
    install -D -m 600 /dev/stdin ~/.puppetlabs/token

`jobevents doctor` then checks all of it, one line each, and says what to do about what is wrong. The token's user needs
the permission "Start, stop and view jobs", and for `why` and `changes` "View node data from PuppetDB". Follow the
newest job, and ask why it failed, or what it changed:

    jobevents tail latest
    jobevents why latest
    jobevents changes latest

# CONFIGURATION

Each setting is looked up separately, and the first source that has it wins: the option, the environment, the profile,
the whole configuration file, the files of PE's client tools, PE's defaults. `jobevents config show` prints each setting
and where it comes from. A profile is for another PE; --profile staging chooses this one:

    url = "https://pe.example.com"
    cacert = "/home/jane/pe-ca.pem"
    interval = 2

    [profiles.staging]
    url = "https://pe-staging.example.com"
    token-file = "/home/jane/.puppetlabs/staging-token"
    puppetdb-url = "https://puppetdb-staging.example.com:8081"

jobevents-config(1) names all keys. There is none for the token itself, and no option: arguments show in ps.

# PROXIES

Connections by https use the proxy that https_proxy or else all_proxy names, unless no_proxy excepts the host. Those to
this machine never do.

    export https_proxy=http://proxy.example.com:3128
    export no_proxy=.example.com
"""
