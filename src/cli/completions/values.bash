# What the program itself knows of the word that is begun: values of queries, rules, zones. Asked first; where
# it knows nothing, commands and options are completed.
#
# In: COMP_LINE, COMP_POINT, and in $2 what bash replaces. Out: COMPREPLY.
#
# bash takes a word apart at `:` and `=`, so the words are read from the line anew. A candidate is the whole
# word; what bash does not replace of it is cut off.
_heloscope_or_values() {
    local line="${COMP_LINE:0:COMP_POINT}" word="" quote="" next i
    local -a words=()
    for ((i = 0; i < ${#line}; i++)); do
        next="${line:i:1}"
        if [[ -n $quote ]]; then
            if [[ $next == "$quote" ]]; then
                quote=""
            elif [[ $quote == '"' && $next == \\ ]]; then
                ((i++))
                word+="${line:i:1}"
            else
                word+="$next"
            fi
            continue
        fi
        case "$next" in
            \' | \") quote="$next" ;;
            \\)
                ((i++))
                word+="${line:i:1}"
                ;;
            [[:space:]])
                words+=("$word")
                word=""
                # More blanks part no more words.
                while [[ ${line:i+1:1} == [[:space:]] ]]; do ((i++)); done
                ;;
            *) word+="$next" ;;
        esac
    done

    COMPREPLY=()
    local kept="$word" value
    [[ -n $2 && $word == *"$2" ]] && kept="${word%"$2"}"
    while IFS=$'\t' read -r value _; do
        [[ $value == "$kept"* ]] || continue
        COMPREPLY+=("${value#"$kept"}")
        # A field or a rule wants its value.
        [[ $value == *[:=] ]] && compopt -o nospace 2>/dev/null
    done < <(printf '%s\n' "${words[@]:1}" "$word" | command heloscope completions words 2>/dev/null)
    [[ ${#COMPREPLY[@]} -gt 0 ]] || _heloscope "$@"
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _heloscope_or_values -o nosort -o bashdefault -o default heloscope
else
    complete -F _heloscope_or_values -o bashdefault -o default heloscope
fi
