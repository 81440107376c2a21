# What the program itself knows of the word that is begun: values of queries, rules, zones. Asked first; where
# it knows nothing, commands and options are completed.
#
# In: the words, the last one begun. Out: candidates.
var heloscope-words~ = $edit:completion:arg-completer[heloscope]

set edit:completion:arg-completer[heloscope] = {|@words|
    var lines = []
    try {
        set lines = [(print (str:join "\n" $words[1..])"\n" | e:heloscope completions words 2>/dev/null | from-lines)]
    } catch e {
        # Without an answer there is nothing to offer.
        set lines = []
    }
    if (eq $lines []) {
        heloscope-words $@words
    } else {
        for line $lines {
            var value @help = (str:split "\t" $line)
            # A field wants its value, and a value perhaps another one.
            edit:complex-candidate $value &code-suffix='' &display=(str:join '  ' [$value $@help])
        }
    }
}
