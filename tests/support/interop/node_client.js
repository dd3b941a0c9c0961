// TLS client on Node.js; see README.md.
'use strict';
const constants = require('crypto').constants;
const fs = require('fs');
const tls = require('tls');

const [address, port, name, authority, connections, resumeBy, certificate, key] = process.argv.slice(2);
const context = tls.createSecureContext({
  ca: fs.readFileSync(authority),
  ...(certificate ? {cert: fs.readFileSync(certificate), key: fs.readFileSync(key)} : {}),
  ciphers: 'ALL:!aNULL:!eNULL',
  secureOptions: resumeBy === 'identifiers' ? constants.SSL_OP_NO_TICKET : 0,
});

function connect(left, session) {
  if (left === 0) return;
  let latest = session;
  let answer = '';
  const socket = tls.connect({host: address, port: Number(port), servername: name, secureContext: context, session}, () => {
    // Of TLS 1.2, whose session comes with the handshake.
    latest = socket.getSession() || latest;
    socket.write(`GET /bytes/1000 HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
  });
  socket.on('session', (fresh) => { latest = fresh; });
  socket.on('data', (block) => { answer += block; });
  socket.on('error', (error) => { console.error(error.message); process.exit(1); });
  socket.on('end', () => {
    if (answer.split('\r\n\r\n')[1] !== 'abcdefghijklmnopqrstuvwxyz'.repeat(39).slice(0, 1000)) {
      console.error(`wrong body: ${answer}`);
      process.exit(1);
    }
    socket.end();
  });
  socket.on('close', () => connect(left - 1, latest));
}
connect(Number(connections));
