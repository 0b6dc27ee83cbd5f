# bash completion for zibrato: source this, or write it to /etc/bash_completion.d/zibrato
_zibrato() {
	local word help
	COMPREPLY=()
	while IFS=$'\t' read -r word help; do
		if [[ $word == :files ]]; then
			compopt -o default
		else
			COMPREPLY+=("$word")
		fi
	done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _zibrato zibrato
