# What the program itself knows of the word that is begun: values of queries, rules, zones. Asked first; where
# it knows nothing, commands and options are completed.
#
# In: words, CURRENT, PREFIX. Out: matches.
functions[_heloscope_words]=$functions[_heloscope]

_heloscope() {
    local line
    local -a values shown
    while IFS= read -r line; do
        values+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  -- }")
    done < <(print -rl -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" | command heloscope completions words 2>/dev/null)
    if (( $#values )); then
        # A field wants its value, and a value perhaps another one.
        compadd -S '' -d shown -a values
    else
        _heloscope_words "$@"
    fi
}
