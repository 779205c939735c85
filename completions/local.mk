# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per shell and program; bash's are named as bash looks for them.

dist_bashcompletion_DATA = \
	completions/git-credential-icred \
	completions/icred
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = completions/zsh/_icred
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = \
	completions/fish/git-credential-icred.fish \
	completions/fish/icred.fish
