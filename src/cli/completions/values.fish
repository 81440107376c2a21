# What the program itself knows of the word that is begun: values of queries, rules, zones.
#
# In: the command line. Out: a candidate a line, and behind a tab what it is.
function __fish_heloscope_values
    set -l words (commandline -opc)
    set -e words[1]
    # The word as it is meant: fish hands it over as it was typed, with a quote that is not closed yet.
    set -l word (commandline -ct | string trim --left --chars "'\"" | string unescape)
    printf '%s\n' $words $word"" | command heloscope completions words 2>/dev/null
end

complete -c heloscope -n 'test -n "$(__fish_heloscope_values)"' -k -f -a '(__fish_heloscope_values)'
for option in 'f/filter' '/deny' '/max' '/severity' '/tz'
    set -l names (string split / -- $option)
    if test -n "$names[1]"
        complete -c heloscope -s $names[1] -l $names[2] -x -k -a '(__fish_heloscope_values)'
    else
        complete -c heloscope -l $names[2] -x -k -a '(__fish_heloscope_values)'
    end
end
