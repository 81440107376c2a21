#!/usr/bin/env bash
# Measures heloscope beside wc, ripgrep, DuckDB and lnav on made-up logs, and prints Markdown.
# How to read what it prints, and how memory is measured: benches/README.md.
# Backticks in single quotes are Markdown, dollars there another language's.
# shellcheck disable=SC2016
set -euo pipefail
export LC_ALL=C

usage() {
    cat <<'END'
Usage: benches/compare.sh [--dir DIR] [--runs N] [SIZE...]

  SIZE    sizes of the logs as the corpus program takes them; 100MB 1GB unless given
  --dir   where the logs are kept and looked for; a folder below TMPDIR unless given
  --runs  how often everything is timed; 5 unless given
END
}

dir=${TMPDIR:-/tmp}/heloscope-compare
n_runs=5
sizes=()
while (($# > 0)); do
    case $1 in
    --dir) dir=${2:?--dir needs a folder} && shift 2 ;;
    --runs) n_runs=${2:?--runs needs a number} && shift 2 ;;
    -h | --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) sizes+=("$1") && shift ;;
    esac
done
((${#sizes[@]} > 0)) || sizes=(100MB 1GB)
[[ $n_runs =~ ^[1-9][0-9]*$ ]] || { usage >&2 && exit 2; }
[[ -n ${EPOCHREALTIME:-} ]] || { echo 'bash 5 or later is needed' >&2 && exit 2; }
# Before anything is built or made: that is a load too, but over by the time of the first figure.
load=$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "wrong answer: $*" && exit 1; }
# Arithmetic with fractions: calc FORMAT EXPRESSION.
calc() { awk "BEGIN { printf \"$1\", $2 }"; }
now_us() { printf '%s' "${EPOCHREALTIME/./}"; }

# ---- What is measured

# One session a row, as our own summary sees them. Lines that are no row are left out.
sql="
SELECT count(*) AS sessions, sum(n_rows) AS n_rows, count(*) FILTER (is_denied) AS denied FROM (
  SELECT split_part(connector, '\\', 1) AS server, session_id, min(time) AS first, max(time) AS last,
         count(*) AS n_rows, bool_or(contains(context, 'LogonDenied')) AS is_denied
  FROM read_csv(\$files, auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', comment = '#',
    strict_mode = false, ignore_errors = true, columns = {'time': 'VARCHAR', 'connector': 'VARCHAR',
    'session_id': 'VARCHAR', 'sequence': 'VARCHAR', 'local': 'VARCHAR', 'remote': 'VARCHAR', 'event': 'VARCHAR',
    'data': 'VARCHAR', 'context': 'VARCHAR'})
  WHERE event IN ('+', '-', '>', '<', '*')
  GROUP BY server, session_id)"

duckdb_program='
import sys, duckdb
duckdb.execute("SET enable_progress_bar = false")
sessions, rows, denied = duckdb.execute(sys.argv[1], {"files": sys.argv[2:]}).fetchone()
print(f"{sessions} sessions, {rows} rows")'

lnav_sql=';SELECT count(DISTINCT session_id) || '"' sessions, '"' || count(*) || '"' rows'"' AS answer FROM exchange_receive'

lnav_format='{
  "$schema": "https://lnav.org/schemas/format-v1.schema.json",
  "exchange_receive": {
    "title": "Exchange receive log",
    "description": "SMTP receive protocol log",
    "regex": { "row": { "pattern":
      "^(?<timestamp>[0-9T:.-]+Z),(?:\"[^\"]*\"|[^,]*),(?<session_id>[^,]*),\\d+,[^,]*,[^,]*,[-+<>*],(?<body>.*)$" } },
    "value": { "session_id": { "kind": "string", "identifier": true } },
    "sample": [ { "line": "2026-11-23T08:29:00.104Z,EX01\\A,08DE2A1B3C4D5E6F,3,192.0.2.5:25,192.0.2.7:40,<,EHLO a," } ]
  }
}'

contenders=(
    'wc -l'
    'rg -c LogonDenied'
    'rg -ci LogonDenied'
    'rg -c LogonDenied|SocketError|Unable to relay'
    'DuckDB, group by session'
    'lnav, count of sessions'
    'summary'
    'summary --threads 2'
    'summary --threads 1'
    'sessions --format ndjson'
    'sessions --format ndjson --threads 1'
    'lines --format raw'
    'lines -c -f LogonDenied'
    'lines -c -f /LogonDenied|SocketError|Unable to relay/'
)

# Starts one of them on the corpus in $root, whose logs are in $files.
start() {
    case $1 in
    'wc -l') wc -l "${files[@]}" ;;
    'rg -c '* | 'rg -ci '*)
        local words=${1#rg }
        rg --no-config "${words%% *}" "${words#* }" "${files[@]}"
        ;;
    'DuckDB'*) "$dir/venv/bin/python" -c "$duckdb_program" "$sql" "${files[@]}" ;;
    'lines -c -f '*) "$heloscope" lines -c --quiet -f "${1#lines -c -f }" "$root" ;;
    'lnav'*) lnav -n -I "$dir/lnav" -c "$lnav_sql" -c ':write-csv-to -' "${files[@]}" </dev/null ;;
    *)
        local words
        read -ra words <<<"$1"
        "$heloscope" "${words[@]}" --quiet "$root"
        ;;
    esac
}

# Why a contender cannot take part; nothing where it can.
absence() {
    case $1 in
    'rg '*) command -v rg >/dev/null || echo 'not installed' ;;
    'DuckDB'*) [[ -n $duckdb_version ]] || echo 'not installed' ;;
    'lnav'*) command -v lnav >/dev/null || echo 'not installed' ;;
    esac
}

prepare_tools() {
    say 'building'
    cargo build --quiet --release --locked --bins --example corpus
    local target=${CARGO_TARGET_DIR:-target}
    target=$(cd "$target" && pwd)
    heloscope=$target/release/heloscope
    corpus=$target/release/examples/corpus
    mkdir -p "$dir/lnav/formats/exchange"
    printf '%s\n' "$lnav_format" >"$dir/lnav/formats/exchange/format.json"
    if ! "$dir/venv/bin/python" -c 'import duckdb' 2>/dev/null; then
        say 'installing DuckDB'
        { python3 -m venv "$dir/venv" && "$dir/venv/bin/pip" install --quiet duckdb; } >/dev/null 2>&1 || true
    fi
    duckdb_version=$("$dir/venv/bin/python" -c 'import duckdb; print(duckdb.__version__)' 2>/dev/null || true)
}

# ---- The logs

# Makes the corpus of that size and layout, or takes the one that is there: sets $root, $files and
# what the corpus program says is true of them.
enter_corpus() {
    local size=$1 layout=$2 name=all.log options=(--one-file)
    root=$dir/$size-$layout/
    if [[ $layout == files ]]; then
        name='*.LOG' options=(--file-size 10MB)
    fi
    # The account is written last.
    if [[ ! -e ${root}account.json ]]; then
        say "making $root"
        rm -rf "${root%/}"
        "$corpus" --size "$size" --seed 1 "${options[@]}" "$root"
    fi
    # Decoys, which are no receive logs, lie in other folders.
    mapfile -d '' files < <(find "$root" -type f -name "$name" \( -path '*/SmtpReceive/*' -o -name all.log \) -print0 | sort -z)
    n_bytes=$(told bytes) n_rows=$(told rows)
    n_sessions=$(wc -l <"${root}truth.ndjson")
    local size_found
    size_found=$(cat "${files[@]}" | wc -c)
    ((size_found == n_bytes)) || fail "$root holds $size_found bytes of logs, its account says $n_bytes"
}

told() { sed -n "s/^ *\"$1\": \([0-9]*\),*\$/\1/p" "${root}account.json"; }

# ---- Answers

# Runs each of ours once and holds it against the truth. This also warms the files.
check_answers() {
    local found
    found=$("$heloscope" summary --quiet --format json "$root" | sed -n 's/^ *"sessions": \([0-9]*\),*$/\1/p' | head -1)
    ((found == n_sessions)) || fail "summary finds $found sessions in $root, the truth has $n_sessions"
    for options in '--threads 1' '--threads 2'; do
        # shellcheck disable=SC2086 # words
        cmp -s <("$heloscope" summary --quiet "$root") <("$heloscope" summary --quiet $options "$root") ||
            fail "summary $options differs on $root"
    done
    found=$("$heloscope" sessions --quiet --format ndjson "$root" | wc -l)
    ((found == n_sessions)) || fail "ndjson has $found sessions of $root, the truth has $n_sessions"
    found=$("$heloscope" lines --quiet --format raw "$root" | grep -avc '^#')
    ((found == n_rows)) || fail "raw has $found rows of $root, the account says $n_rows"
}

# What a contender says, in short; the check of it where it is ours was made before.
answer_of() {
    case $1 in
    'wc -l') start "$1" | awk '$2 != "total" { sum += $1 } END { print sum " lines" }' ;;
    'rg '*) start "$1" | awk -F: '{ sum += $NF } END { print sum " lines" }' ;;
    'DuckDB'*) start "$1" ;;
    'lnav'*) start "$1" 2>/dev/null | tail -1 | tr -d '"' ;;
    'lines -c '*) echo "$(start "$1") sessions" ;;
    'lines '*) echo "$n_rows rows" ;;
    *) echo "$n_sessions sessions" ;;
    esac
}

# ---- Times

# By contender: the times of its runs in microseconds, its answer, the CPU seconds of its last run.
declare -A times answers cpu_s

# Beyond this a contender is timed once only, in microseconds.
slow_us=10000000

time_all() {
    local name run begun_us reason TIMEFORMAT='%U %S'
    for name in "${contenders[@]}"; do
        times[$name]=''
        reason=$(absence "$name")
        answers[$name]=${reason:-$(answer_of "$name")}
    done
    for ((run = 1; run <= n_runs; run++)); do
        say "$(basename "$root"): run $run of $n_runs"
        for name in "${contenders[@]}"; do
            [[ -z $(absence "$name") ]] || continue
            [[ -z ${times[$name]} || ${times[$name]%% *} -lt $slow_us ]] || continue
            begun_us=$(now_us)
            { time start "$name" >/dev/null 2>&1; } 2>"$dir/cpu"
            times[$name]+="$(($(now_us) - begun_us)) "
            cpu_s[$name]=$(awk '{ print $1 + $2 }' "$dir/cpu")
        done
    done
}

sorted() { tr ' ' '\n' <<<"${times[$1]% }" | sort -n; }
median_us() { sorted "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
spread() { sorted "$1" | awk 'NR == 1 { low = $1 } END { printf "%.3f to %.3f", low / 1e6, $1 / 1e6 }'; }

print_times() {
    local name us wc_us
    wc_us=$(median_us 'wc -l')
    printf '\n### %s, %s\n\n' "$1" "$([[ $2 == files ]] && echo "${#files[@]} files" || echo 'one file')"
    printf '| command | seconds | fastest to slowest | CPU seconds | MB/s | time over `wc -l` | answer |\n|---|--:|--:|--:|--:|--:|---|\n'
    for name in "${contenders[@]}"; do
        if [[ -z ${times[$name]} ]]; then
            printf '| `%s` | | | | | | %s |\n' "${name//|/\\|}" "${answers[$name]}"
            continue
        fi
        us=$(median_us "$name")
        printf '| `%s` | %s | %s | %s | %s | %s | %s |\n' "${name//|/\\|}" "$(calc %.3f "$us / 1e6")" "$(spread "$name")" \
            "${cpu_s[$name]}" "$(calc %.0f "$n_bytes / $us")" "$(calc %.2f "$us / $wc_us")" "${answers[$name]}"
    done
}

# The time from the start of a process to the first byte of its answer, the shell's own share
# included, in microseconds: the median of 41.
first_byte_us() {
    local run begun_us byte all=()
    for ((run = 0; run < 41; run++)); do
        begun_us=$(now_us)
        IFS= read -r -N1 byte < <(exec "$heloscope" --version)
        all+=($(($(now_us) - begun_us)))
    done
    [[ $byte == h ]] || fail '--version does not begin with the name'
    printf '%s\n' "${all[@]}" | sort -n | sed -n 21p
}

# ---- Memory

# The most anonymous memory that was seen of one of ours, in kB, and how often was looked.
peak_anon() {
    local words status pid peak=0 n_looks=0
    read -ra words <<<"$1"
    # Not by start: the number must be that of the program, not of a shell that waits for it.
    "$heloscope" "${words[@]}" --quiet "$root" >/dev/null &
    pid=$!
    # Of a process that has ended the file is gone, or names no memory.
    while status='' && { IFS= read -r -d '' status <"/proc/$pid/status" || true; } 2>/dev/null; do
        [[ $status =~ RssAnon:[[:space:]]+([0-9]+) ]] || break
        ((BASH_REMATCH[1] <= peak)) || peak=${BASH_REMATCH[1]}
        ((++n_looks))
    done
    wait "$pid"
    echo "$peak $n_looks"
}

# ---- Goals

# A line of the list of goals: what, value, its unit, goal, and whether an awk condition holds.
goal() {
    local verdict
    verdict=$(awk "BEGIN { print ($5) ? \"held\" : \"missed\" }")
    printf '| %s | %s%s | %s | %s |\n' "$1" "$2" "$3" "$4" "$verdict"
}

declare -A medians bytes

note_medians() {
    local name
    bytes[$1]=$n_bytes
    for name in "${contenders[@]}"; do
        [[ -z ${times[$name]} ]] || medians[$1 $name]=$(median_us "$name")
    done
}

goals_of() {
    local at=$1 summary_us ndjson_us value theirs pattern ours
    summary_us=${medians[$at summary]}
    value=$(calc %.2f "$summary_us / ${medians[$at wc -l]}")
    goal "$at: \`summary\` over \`wc -l\`, time" "$value" '' '≤ 1.0' "$value <= 1.0"
    if [[ -n ${medians[$at DuckDB, group by session]:-} ]]; then
        value=$(calc %.1f "${medians[$at DuckDB, group by session]} / $summary_us")
        goal "$at: DuckDB over \`summary\`, time" "$value" '' '≥ 12' "$value >= 12"
    fi
    value=$(calc %.2f "${medians[$at summary --threads 1]} / ${medians[$at summary --threads 2]}")
    goal "$at: two threads over one, speed" "$value" '' '≥ 1.8' "$value >= 1.8"
    ndjson_us=${medians[$at sessions --format ndjson --threads 1]}
    value=$(calc %.0f "${bytes[$at]} / $ndjson_us")
    goal "$at: ndjson, one thread" "$value" ' MB/s' '≥ 500 MB/s' "$value >= 500"
    # A word is found in any letter case, as by -i.
    for theirs in 'rg -c LogonDenied' 'rg -ci LogonDenied' 'rg -c LogonDenied|SocketError|Unable to relay'; do
        [[ -n ${medians[$at $theirs]:-} ]] || continue
        pattern=${theirs#rg -* }
        ours=$pattern
        [[ $pattern != *'|'* ]] || ours=/$pattern/
        value=$(calc %.2f "${medians[$at $theirs]} / ${medians[$at lines -c -f $ours]}")
        goal "$at: free text \`${pattern//|/\\|}\`, speed over \`${theirs%" $pattern"}\`" "$value" '' '≥ 0.33' "$value >= 0.33"
    done
}

goals_of_memory() {
    local at=$1 name peak_kb n_looks bound_kb share
    [[ -r /proc/self/status ]] || return 0
    for name in summary 'sessions --format ndjson'; do
        bound_kb=$(calc %.0f "(${bytes[$at]} * 0.02 + 32e6) / 1000")
        # What is listed waits for the order of the list, up to a bound.
        [[ $name == summary ]] || bound_kb=$(calc %.0f "$bound_kb + (64 * 1024 * 1024) / 1000")
        read -r peak_kb n_looks < <(peak_anon "$name")
        # The kernel's kB is 1024 bytes.
        share=$(calc %.2f "$peak_kb * 1024 * 100 / ${bytes[$at]}")
        goal "$at: \`$name\`, anonymous memory ($n_looks looks)" "$(calc %.1f "$peak_kb * 1.024e-3")" " MB, $share % of input" \
            "≤ $(calc %.0f "$bound_kb / 1000") MB" "$peak_kb * 1.024 <= $bound_kb"
    done
}

goals_of_layouts() {
    local size=$1 value
    value=$(calc %.2f "${medians[$size-one summary]} / ${bytes[$size-one]} / (${medians[$size-files summary]} / ${bytes[$size-files]})")
    goal "$size: \`summary\` of one file over many, time a byte" "$value" '' '≤ 1.10' "$value <= 1.10"
}

# Two sizes of which one is ten times the other: time a byte should not grow.
growth() {
    local small=$1 large=$2 layout factor value
    for layout in files one; do
        factor=$(calc %.1f "${bytes[$large-$layout]} / ${bytes[$small-$layout]}")
        value=$(calc %.2f "${medians[$large-$layout summary]} / ${medians[$small-$layout summary]}")
        printf '| %s-%s over %s-%s: `summary`, time for %s × the bytes | %s | | |\n' \
            "$large" "$layout" "$small" "$layout" "$factor" "$value"
    done
}

# ---- The whole

prepare_tools
printf '## heloscope beside other tools\n\n'
printf -- '- %s, %s cores, %s, %s\n' "$(lscpu 2>/dev/null | sed -n 's/^Model name: *//p' | head -1)" "$(nproc)" \
    "$(uname -srm)" "$(date -u +%Y-%m-%d)"
printf -- '- %s, %s, rg %s, DuckDB %s, lnav %s\n' "$("$heloscope" --version)" "$(wc --version | head -1)" \
    "$(rg --version 2>/dev/null | sed -n '1s/^ripgrep //p' || true)" "${duckdb_version:-none}" \
    "$(lnav -V 2>/dev/null | sed 's/^lnav //' || true)"
printf -- '- warm files, all output to /dev/null, medians of %s interleaved runs; MB are 10^6 bytes\n' "$n_runs"
printf -- '- load before: %s\n' "$load"
if [[ $load != unknown && $(calc %d "${load%% *} * 100") -ge 50 ]]; then
    printf -- '- **the machine was not idle at the start: the figures are not to be quoted**\n'
fi

goals=''
for size in "${sizes[@]}"; do
    for layout in files one; do
        enter_corpus "$size" "$layout"
        check_answers
        time_all
        note_medians "$size-$layout"
        print_times "$size" "$layout"
        goals+=$(goals_of "$size-$layout" && goals_of_memory "$size-$layout")$'\n'
    done
    goals+=$(goals_of_layouts "$size")$'\n'
done
for small in "${sizes[@]}"; do
    for large in "${sizes[@]}"; do
        if [[ $(calc %d "(${bytes[$large-files]} / ${bytes[$small-files]}) + 0.5") == 10 ]]; then
            goals+=$(growth "$small" "$large")$'\n'
        fi
    done
done

value=$(calc %.1f "$(first_byte_us) / 1000")
printf '\n### Goals\n\n| what | measured | goal | |\n|---|--:|--:|---|\n'
printf '%s' "$goals"
goal 'start to first byte of `--version`' "$value" ' ms' '≤ 5 ms' "$value <= 5"
printf '\nLoad after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
