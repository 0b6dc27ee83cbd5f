#compdef zibrato
# zsh completion for zibrato: write this to a file _zibrato in a directory of $fpath, or source it after compinit
_zibrato() {
	local word help
	local -a found
	while IFS=$'\t' read -r word help; do
		if [[ $word == :files ]]; then
			_files
		else
			found+=("${word//:/\\:}:$help")
		fi
	done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	(( ${#found} )) && _describe zibrato found
}
if [[ ${funcstack[1]} == _zibrato ]]; then
	_zibrato "$@"
else
	compdef _zibrato zibrato
fi
