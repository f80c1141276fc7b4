// What the page asks for: pictures and its own files by `app://`, everything else over one port.
import type { RPCHandler } from '@orpc/server/message-port'
import { type Electron, isPage, pageScheme } from './electron.ts'

type Answer = (request: Request) => Response | Promise<Response>

/** `app://comfyrunner/…` is answered by the same function as http. */
export function answerRequests({ protocol }: Electron, answer: Answer): void {
  protocol.handle(pageScheme, request =>
    isPage(request.url) ? answer(request) : new Response('Not found', { status: 404 }),
  )
}

/** The preload sends one end of a channel on every load of the page. */
export function answerCalls(
  { ipcMain }: Electron,
  handler: RPCHandler<Record<never, never>>,
): void {
  ipcMain.on('rpc', event => {
    const port = event.ports[0]
    if (!port || !event.senderFrame || !isPage(event.senderFrame.url)) return
    handler.upgrade(port)
    port.start()
  })
}
