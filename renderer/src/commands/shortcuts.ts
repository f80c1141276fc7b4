// Turns key presses into commands.
import type { Command } from './command.ts'
import { keysMatch } from './keys.ts'

const textInputs = new Set(['text', 'search', 'number', 'url', 'email', 'password', ''])

export function isTextField(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) return textInputs.has(element.type)
  return (
    element instanceof HTMLTextAreaElement ||
    (element instanceof HTMLElement && element.isContentEditable)
  )
}

const bareCanvas = '[data-testid="canvas"], .react-flow__pane'

/** The focus came by the pointer, not by walking with Tab. */
let pointed = false

/** A popup, menu or dialog keeps its keys to itself. */
const inPopup = (element: Element | null) =>
  element?.closest('[role="dialog"], [role="menu"], [role="listbox"]') != null

function meant(command: Command, event: KeyboardEvent): boolean {
  if (command.native || !command.keys?.some(keys => keysMatch(keys, event))) return false
  const target = event.target instanceof Element ? event.target : null
  if (isTextField(target)) {
    // Typing in a search box has its own undo; texts of the document share the document's.
    const history = command.id === 'undo' || command.id === 'redo'
    return (command.inText ?? false) && (!history || target!.hasAttribute('data-document-text'))
  }
  if (inPopup(target)) return command.inText ?? false
  // Tab walks through controls and cards as ever; on the bare canvas, and on a card that was
  // clicked rather than walked to, it adds a node.
  if (event.key === 'Tab') {
    return (
      target?.matches(bareCanvas) === true ||
      (pointed && target?.matches('.react-flow__node') === true)
    )
  }
  return true
}

/** Listens for the shortcuts of these commands; call once. */
export function followShortcuts(commands: readonly Command[]) {
  addEventListener(
    'pointerdown',
    () => {
      pointed = true
    },
    true,
  )
  addEventListener('keydown', event => {
    if (event.defaultPrevented || event.isComposing) return
    const found = commands.find(command => meant(command, event) && (command.when?.() ?? true))
    if (!found) {
      if (event.key === 'Tab') pointed = false
      return
    }
    event.preventDefault()
    void found.perform()
  })
}
