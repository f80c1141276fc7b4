// Copy and paste of cards by the system's clipboard; pictures and workflow files can be pasted too.
import {
  type Canvas,
  copyNodes,
  isCopied,
  pasteNodes,
  removeNodes,
} from '../../../engine/graph/edit.ts'
import { isTextField } from '../commands/shortcuts.ts'
import { isPicture } from '../host/assets.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { activeTab, edit, sealEdit, select, shownGraph } from '../stores/tabs.ts'
import { toast, toastError } from '../stores/toasts.ts'
import { useUi } from '../stores/ui.ts'
import { openText } from '../stores/workflows.ts'
import { pointerOrMiddle, toCanvas } from './canvas-state.ts'
import { fromComfyUi } from './comfy-clipboard.ts'
import { takeFiles } from './drop.ts'
import { type Feed, feedAgain, feedsOf } from './feeds.ts'

let own = ''
/** What feeds the copied cards from outside, for pasting with links. */
let feeding: { tab: string; at: Canvas; text: string; feeds: readonly Feed[] } | undefined

function copied(): string | undefined {
  const tab = activeTab()
  if (!tab || tab.nodes.size === 0) return undefined
  own = copyNodes(tab.history.present, tab.at, tab.nodes)
  const feeds = feedsOf(shownGraph(tab), tab.nodes)
  feeding = { tab: tab.id, at: tab.at, text: own, feeds }
  return own
}

export function deleteSelected() {
  const tab = activeTab()
  if (!tab) return
  const { nodes } = tab
  if (nodes.size) edit('Delete', (document, at) => removeNodes(document, at, nodes))
  sealEdit()
}

function paste(text: string, withLinks = false) {
  let made: string[] = []
  const tab = activeTab()
  const here = feeding?.text === text && feeding.tab === tab?.id && feeding.at === tab.at
  const feeds = withLinks && here ? feeding!.feeds : []
  const done = edit('Paste', (document, at) => {
    const pasted = pasteNodes(document, at, text, toCanvas(pointerOrMiddle()))
    made = pasted.ids
    return feedAgain(pasted.document, at, made, feeds)
  })
  if (done) select(made)
  sealEdit()
}

/** For menus, where no clipboard event comes. */
export async function copyFromMenu(cut = false) {
  const text = copied()
  if (!text) return
  await navigator.clipboard?.writeText(text).catch(() => undefined)
  if (cut) deleteSelected()
}

export async function pasteFromMenu(withLinks = false) {
  const text = await navigator.clipboard?.readText().catch(() => own)
  if (text || own) paste(text || own, withLinks)
  else toast('Nothing was copied yet')
}

const isWorkflow = (text: string) => /^\s*\{/.test(text) && /"(nodes|class_type)"/.test(text)

const onCanvas = () =>
  useUi.getState().room === 'editor' &&
  activeTab() !== undefined &&
  !isTextField(document.activeElement)

/** Follows the browser's own copy, cut and paste; call once. */
export function followClipboard() {
  const copy = (event: ClipboardEvent) => {
    // Words that were marked are what is meant.
    if (!onCanvas() || getSelection()?.toString()) return
    const text = copied()
    if (!text) return
    event.clipboardData?.setData('text/plain', text)
    event.preventDefault()
    if (event.type === 'cut') deleteSelected()
  }
  // Ctrl+Shift+V comes as the same event as Ctrl+V.
  let shifted = false
  addEventListener('keydown', event => (shifted = event.shiftKey), true)
  addEventListener('copy', copy)
  addEventListener('cut', copy)
  addEventListener('paste', event => {
    if (isTextField(document.activeElement)) return
    const files = [...(event.clipboardData?.files ?? [])]
    const foreign = fromComfyUi(
      event.clipboardData?.getData('text/html') ?? '',
      useCatalogue.getState().types,
    )
    const text = foreign ?? event.clipboardData?.getData('text/plain') ?? ''
    if (files.some(isPicture)) void takeFiles(files, pointerOrMiddle())
    else if (!onCanvas()) return
    else if (isCopied(text)) paste(text, shifted)
    else if (isWorkflow(text)) void openText('Pasted workflow', text)
    else if (text) toastError('What was copied is neither cards, a picture nor a workflow.')
    event.preventDefault()
  })
}
