// Loads this document anew when a page of the site has changed.
const { revision } = document.currentScript.dataset;
const url = `${location.origin.replace("http", "ws")}/changes?since=${revision}`;

function listen() {
  const socket = new WebSocket(url);
  socket.onmessage = () => location.reload();
  // The program was stopped, perhaps to be started again.
  socket.onclose = () => setTimeout(listen, 1000);
}

listen();
