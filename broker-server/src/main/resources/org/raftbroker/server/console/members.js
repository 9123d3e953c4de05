// Members, as the node that was asked sees them.

/** up, failed, stopped, not seen yet, left. */
export function stateOf(member) {
  return member.state === "UP" ? "up" : member.downReason || member.state.toLowerCase();
}

/** The address of another node's console: where its member entry says that its HTTP port is, at the page that is shown here. */
export function consoleOf(member) {
  return `${location.protocol}//${member.httpAddress}/console/${location.hash}`;
}
