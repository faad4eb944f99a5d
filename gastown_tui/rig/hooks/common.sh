# What every hook of the town asks: whose repository this is, and which hook of its own ours hides.
# The answers lie in git's configuration by environment, which is also what brought git here (guard.environment).

gt_common= gt_branch= gt_worktree= gt_temp= gt_kept=0
i=0
while [ "$i" -lt "${GIT_CONFIG_COUNT:-0}" ]; do
    eval "key=\$GIT_CONFIG_KEY_$i value=\$GIT_CONFIG_VALUE_$i"
    case $key in
        gt.common) gt_common=$value ;;
        gt.branch) gt_branch=$value ;;
        gt.worktree) gt_worktree=$value ;;
        gt.temp) gt_temp=$value ;;
        gt.kept) gt_kept=$value ;;
    esac
    i=$((i + 1))
done

# One process answers for all: the two folders, and where the repository's own hooks are without our configuration.
{ read -r gt_git_dir; read -r gt_common_dir; read -r gt_hooks; } <<PATHS
$(GIT_CONFIG_COUNT=$gt_kept git rev-parse --git-dir --git-common-dir --git-path hooks)
PATHS

real() { (CDPATH= cd -- "$1" 2>/dev/null && pwd -P); }

in_the_rig() {
    # A folder we cannot tell is taken for the rig's: unsure is never "allowed".
    here=$(real "${gt_common_dir:-/nowhere}") || return 0
    [ "$here" = "$gt_common" ]
}

# Whether the command works on the agent's own worktree: the main checkout's HEAD is the person's.
mine() {
    here=$(real "$gt_git_dir") || return 1
    [ "$here" != "$gt_common" ] || return 1
    gt_worktree=${gt_worktree:-$(real "${GT_WORKTREE:-/nowhere}")}
    [ -z "$gt_worktree" ] && return 0
    read -r link <"$here/gitdir" || return 1
    [ "$(real "${link%/.git}")" = "$gt_worktree" ]
}

# The repository's own hook of a name, if it has one that can be run.
chain() {
    hook=$gt_hooks/$1
    [ -f "$hook" ] && [ -x "$hook" ] && [ "$(real "$gt_hooks")" != "$(real "${0%/*}")" ] && printf '%s\n' "$hook"
}
