// Copyright (c) 2026, the postmaster.tls authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** SMTP with STARTTLS and every suite that Java knows; usage: OldServer ADDRESS PORT PROTOCOLS PKCS12 PASSWORD. */
public final class OldServer {
    private final SSLContext context;
    private final String[] protocols;

    private OldServer(SSLContext context, String[] protocols) {
        this.context = context;
        this.protocols = protocols;
    }

    public static void main(String[] words) throws Exception {
        for (String list : new String[] {"jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms"}) {
            Security.setProperty(list, "");
        }
        char[] password = words[4].toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream file = Files.newInputStream(Path.of(words[3]))) {
            keys.load(file, password);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
        factory.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        OldServer server = new OldServer(context, words[2].split(","));
        try (ServerSocket listening = new ServerSocket(Integer.parseInt(words[1]), 50, InetAddress.getByName(words[0]))) {
            while (true) {
                Socket client = listening.accept();
                new Thread(() -> server.serve(client)).start();
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            client.setSoTimeout(10000);
            client.setTcpNoDelay(true);
            say(client, "220 mail.park.example ESMTP\r\n");
            hear(client);
            say(client, "250-mail.park.example\r\n250 STARTTLS\r\n");
            hear(client);
            say(client, "220 go on\r\n");
            SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(client, "client", 0, true);
            secure.setUseClientMode(false);
            secure.setEnabledProtocols(protocols);
            secure.setEnabledCipherSuites(secure.getSupportedCipherSuites());
            secure.startHandshake();
        } catch (Exception ended) {
            // A client that only asks leaves in the middle of the handshake.
        }
    }

    private static void say(Socket client, String text) throws Exception {
        OutputStream out = client.getOutputStream();
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static void hear(Socket client) throws Exception {
        int letter;
        do {
            letter = client.getInputStream().read();
        } while (letter != '\n' && letter >= 0);
    }
}
