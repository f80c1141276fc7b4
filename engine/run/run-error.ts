// Faults that the engine itself finds, each with a code for programs and what to do next.

/** A fault of the prompt or of a node's answer. */
export class RunError extends Error {
  override name = 'RunError'
  readonly code: string
  readonly hint: string | undefined
  constructor(code: string, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** What an input was given cannot become what it takes. */
export class InputError extends RunError {
  override name = 'InputError'
  constructor(input: string, message: string, hint = `Give “${input}” another value.`) {
    super('bad_input', message, hint)
  }
}
