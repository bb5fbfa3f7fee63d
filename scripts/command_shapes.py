"""Commands as people type them, for the pool that seeding draws from: data alone."""

from __future__ import annotations

SERVICES = ("nginx", "postgresql", "redis", "app", "worker", "caddy", "mariadb", "cron", "sshd", "prometheus")
FOLDERS = (
    "/srv/app",
    "/srv/api",
    "/opt/shop",
    "/var/lib/app",
    "/etc/nginx",
    "~",
    "~/src/app",
    "~/notes",
    "/var/log",
    "/tmp",
)
BRANCHES = ("main", "develop", "fix-login", "search-index", "release-2.4", "cleanup")
HOSTS = ("web-1.example.net", "db-1.example.net", "build-2.example.org", "192.0.2.17")
FILES = (
    "README.md",
    "app.py",
    "compose.yaml",
    "schema.sql",
    "notes.txt",
    "deploy.sh",
    "settings.json",
    "access.log",
)
PROCESSES = tuple(map(str, range(2100, 2140)))
ONCE = ("",)

Shape = tuple[str, str, str, int, float, str, str, tuple[str, ...], tuple[str, ...]]

# Text, output, error, exit code, seconds, folder, explanation; <1> and <2> stand for each of the two last.
SHAPES: tuple[Shape, ...] = (
    ("systemctl status <1>", "● <1>.service\n     Active: active (running)\n", "", 0, 0.05, "~", "", SERVICES, ONCE),
    ("systemctl restart <1>", "", "Failed to restart <1>.service: Access denied\n", 4, 0.21, "~", "", SERVICES, ONCE),
    ("sudo systemctl restart <1>", "", "", 0, 1.4, "~", "Stops <1> and starts it again.", SERVICES, ONCE),
    ("journalctl -u <1> --since -1h", "-- No entries --\n", "", 0, 0.4, "~", "Shows the last hour of the log of <1>.", SERVICES, ONCE),
    ("journalctl -u <1> -n 20 --no-pager", "Nov 02 09:14:07 web-1 <1>[812]: ready\nNov 02 09:14:09 web-1 <1>[812]: listening\n", "", 0, 0.3, "~", "", SERVICES, ONCE),
    ("docker logs --tail 50 <1>", "<1>: started\n<1>: 3 connections\n", "", 0, 0.12, "~", "", SERVICES, ONCE),
    ("docker exec -it <1> sh", "", "Error response from daemon: No such container: <1>\n", 1, 0.06, "~", "", SERVICES, ONCE),
    ("git checkout <1>", "Switched to branch '<1>'\n", "", 0, 0.09, "<2>", "", BRANCHES, FOLDERS[:3]),
    ("git checkout <1>", "", "error: pathspec '<1>' did not match any file(s) known to git\n", 1, 0.03, "<2>", "", BRANCHES, FOLDERS[6:7]),
    ("git pull --rebase origin <1>", "Current branch is up to date.\n", "", 0, 1.2, "<2>", "", BRANCHES, FOLDERS[:3]),
    ("git push origin <1>", "", "! [rejected] (fetch first)\nerror: failed to push some refs\n", 1, 1.6, "<2>", "", BRANCHES, FOLDERS[:2]),
    ("git log --oneline -5 <1>", "b41c9e2 Mend the search\n0d7a113 Say which file is missing\n", "", 0, 0.04, "<2>", "", BRANCHES, FOLDERS[:2]),
    ("ls -la <1>", "total 24\ndrwxr-xr-x 4 app app 4096 Nov  2 09:10 .\n-rw-r--r-- 1 app app  812 Nov  2 09:10 README.md\n", "", 0, 0.01, "<1>", "", FOLDERS, ONCE),
    ("du -sh <1>", "1.4G\t<1>\n", "", 0, 2.3, "~", "Adds up what everything below <1> takes.", FOLDERS, ONCE),
    ("df -h <1>", "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1       200G  121G   79G  61% /\n", "", 0, 0.01, "~", "", FOLDERS, ONCE),
    ("find <1> -name '*.log' -mtime +30", "<1>/old-1.log\n<1>/old-2.log\n", "", 0, 0.8, "~", "Finds logs that nobody wrote to for 30 days.", FOLDERS, ONCE),
    ("cat <1>", "", "cat: <1>: No such file or directory\n", 1, 0.01, "<2>", "", FILES, FOLDERS[5:8]),
    ("grep -n timeout <1>", "14:timeout = 30\n41:# timeout of the pool\n", "", 0, 0.02, "<2>", "", FILES, FOLDERS[:4]),
    ("wc -l <1>", "  318 <1>\n", "", 0, 0.01, "<2>", "", FILES, FOLDERS[:3]),
    ("tail -f <1>", "", "", 130, 84.0, "<2>", "", FILES, FOLDERS[:2]),
    ("vim <1>", "", "", 0, 190.0, "<2>", "", FILES, FOLDERS[:4]),
    ("tar -czf <1>.tgz <1>", "", "", 0, 6.3, "<2>", "Packs it into one compressed file.", FILES, FOLDERS[:3]),
    ("chmod 640 <1>", "", "chmod: changing permissions of '<1>': Operation not permitted\n", 1, 0.01, "<2>", "", FILES, FOLDERS[3:5]),
    ("scp <1> <2>:/tmp/", "<1>   100% 4811   1.2MB/s   00:00\n", "", 0, 0.9, "~", "", FILES, HOSTS),
    ("ping -c 3 <1>", "3 packets transmitted, 3 received, 0% packet loss (<1>)\n", "", 0, 2.0, "~", "", HOSTS, ONCE),
    ("ssh <1> uptime", " 09:14:02 up 41 days,  3:07,  1 user,  load average: 0.42, 0.37, 0.30\n", "", 0, 0.7, "~", "", HOSTS, ONCE),
    ("ssh <1>", "", "ssh: connect to host <1> port 22: Connection timed out\n", 255, 30.0, "~", "", HOSTS, ONCE),
    ("curl -sI https://<1>", "HTTP/2 200\nserver: nginx\n", "", 0, 0.3, "~", "Asks for the head of the page alone.", HOSTS, ONCE),
    ("curl -s https://<1>/healthz", "{\"status\":\"ok\"}\n", "", 0, 0.2, "~", "", HOSTS, ONCE),
    ("dig +short <1>", "192.0.2.17\n", "", 0, 0.08, "~", "", HOSTS[:3], ONCE),
    ("psql -h <1> -c 'select 1'", "", "psql: error: connection refused\n", 2, 3.01, "~", "", HOSTS, ONCE),
    ("pg_dump -Fc -h <1> shop > shop.dump", "", "", 0, 41.0, "~", "Writes the database shop into one file.", HOSTS, ONCE),
    ("make <1>", "gcc -O2 -c main.c\nld -o app main.o\n", "", 0, 11.2, "<2>", "", ("all", "test", "clean", "install"), FOLDERS[:4]),
    ("make <1>", "", "make: *** No rule to make target '<1>'.  Stop.\n", 2, 0.02, "<2>", "", ("docs", "image", "lint"), FOLDERS[:4]),
    ("pytest -q", "214 passed in 18.42s\n", "", 0, 18.9, "/srv/app", "", ONCE, ONCE),
    ("npm test", "Tests: 88 passed\n", "", 0, 18.9, "/srv/app", "", ONCE, ONCE),
    ("cargo test", "test result: ok. 41 passed\n", "", 0, 18.9, "/srv/app", "", ONCE, ONCE),
    ("go test ./...", "ok  example.org/app 2.1s\n", "", 0, 18.9, "/srv/app", "", ONCE, ONCE),
    ("pytest -q", "", "1 failed, 213 passed in 17.90s\n", 1, 9.4, "/srv/app", "", ONCE, ONCE),
    ("npm run build", "", "Module not found: './chart'\n", 1, 9.4, "/srv/app", "", ONCE, ONCE),
    ("pip install -r requirements.txt", "", "ERROR: No matching distribution found\n", 1, 9.4, "/srv/app", "", ONCE, ONCE),
    ("kill <1>", "", "kill: (<1>) - No such process\n", 1, 0.01, "~", "", PROCESSES, ONCE),
    ("ps aux | grep <1>", "app  812  0.3  1.2  <1>\n", "", 0, 0.05, "~", "Lists the processes of <1>.", SERVICES, ONCE),
    ("history | grep <1>", "", "", 1, 0.02, "~", "", SERVICES, ONCE),
    ("apt list --installed | grep <1>", "<1>/stable,now amd64 [installed]\n", "", 0, 1.1, "~", "", SERVICES, ONCE),
)  # fmt: skip
