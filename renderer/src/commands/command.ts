// A command is one object: menus, shortcuts, tooltips and the command palette all read it.

export interface Command {
  id: string
  label: string
  group: 'Run' | 'Edit' | 'Canvas' | 'Workflow' | 'View' | 'Go to'
  /** Shortcuts; the first is the one that is shown. */
  keys?: readonly string[]
  /** Also works while a text field has the focus. */
  inText?: boolean
  /** The browser's own event does it (copy, paste): shown, not listened for. */
  native?: boolean
  /** Left out of the command palette. */
  hidden?: boolean
  /** Whether it makes sense now. */
  when?: () => boolean
  perform: () => unknown
}

/** Checks while loading that no two commands share an id. */
export function commandTable(commands: readonly Command[]): ReadonlyMap<string, Command> {
  const table = new Map<string, Command>()
  for (const command of commands) {
    if (table.has(command.id)) throw new Error(`Two commands are called ${command.id}`)
    table.set(command.id, command)
  }
  return table
}
