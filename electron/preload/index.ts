// The whole bridge: one MessagePort between the page and the host. The page gets no function of
// Electron's or Node's; what it may say is the contract (engine/api/contract.ts).
import { ipcRenderer } from 'electron'

const { port1: forPage, port2: forHost } = new MessageChannel()
ipcRenderer.postMessage('rpc', null, [forHost])
// Module scripts have run by then, so the page is listening.
window.addEventListener('DOMContentLoaded', () => {
  window.postMessage('comfyrunner:rpc', window.location.origin, [forPage])
})
