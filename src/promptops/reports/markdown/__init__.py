"""Reports as GitHub's Markdown: a comment on a pull request, or the summary of a build's step."""
