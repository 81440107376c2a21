    # What the program itself knows of the word that is begun: values of queries, rules, zones. Asked first;
    # where it knows nothing, commands and options are completed.
    #
    # In: what PowerShell hands over. Out: completions, in quotes where the shell would read them otherwise.
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.PSObject.Properties['Value']) { [string]$_.Value } else { $_.Extent.Text } })
    # A blank before the cursor begins a word that has no letter yet.
    if (-not $wordToComplete) { $typed += '' }
    $values = @(($typed -join "`n") | heloscope completions words 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        $text = if ($value -match '^[\w.:*=+-]+$' -and $wordToComplete -notmatch '^[''"]') { $value }
            else { "'" + $value.Replace("'", "''") + "'" }
        $tip = if ($help) { $help } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $tip)
    })
    if ($values) { return $values }
