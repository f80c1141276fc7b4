// Every command there is. Menus, shortcuts, tooltips and the command palette look here.
import { canvasCommands } from './canvas-commands.ts'
import { type Command, commandTable } from './command.ts'
import { editCommands } from './edit-commands.ts'
import { groupCommands } from './group-commands.ts'
import { placeCommands } from './place-commands.ts'
import { runCommands } from './run-commands.ts'
import { subgraphCommands } from './subgraph-commands.ts'
import { viewCommands } from './view-commands.ts'
import { workflowCommands } from './workflow-commands.ts'

export const commands: readonly Command[] = [
  ...runCommands,
  ...editCommands,
  ...placeCommands,
  ...groupCommands,
  ...subgraphCommands,
  ...canvasCommands,
  ...workflowCommands,
  ...viewCommands,
]

const table = commandTable(commands)

export const isPossible = (command: Command): boolean => command.when?.() ?? true

/** By id. @throws Error for an id that no command has. */
export function command(id: string): Command {
  const found = table.get(id)
  if (!found) throw new Error(`No command is called ${id}`)
  return found
}

/** Does it, if it makes sense now. */
export function perform(id: string) {
  const found = command(id)
  if (isPossible(found)) void found.perform()
}
