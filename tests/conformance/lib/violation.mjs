// What is thrown when the server does something that a case or the protocol does not allow.
export class Violation extends Error {
  constructor(text, spec) {
    super(spec ? `${text} (${spec})` : text);
  }
}
