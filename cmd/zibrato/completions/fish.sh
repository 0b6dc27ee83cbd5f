# fish completion for zibrato: write this to ~/.config/fish/completions/zibrato.fish
function __zibrato_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	for line in ($words[1] complete -- $words[2..-1] $current 2>/dev/null)
		if test "$line" = :files
			__fish_complete_path $current
		else
			echo $line
		end
	end
end
complete -c zibrato -f -a '(__zibrato_complete)'
