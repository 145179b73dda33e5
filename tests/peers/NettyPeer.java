// A client made of netty:  java NettyPeer <port> <version: 00|07|08|13> <extension> <action>
// Extensions: none, default (netty's own offer), permessage (every parameter), frame, webkit.
// Actions: echo; goodbye, which prints "ready" and waits for the server to end the connection.
// Ends with 0 when all was as it should be, else prints what was not.

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakerFactory;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketClientExtensionHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.DeflateFrameClientExtensionHandshaker;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateClientExtensionHandshaker;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketClientCompressionHandler;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

final class NettyPeer {
    static final int PATIENCE_SECONDS = 60;
    static final int MAX_FRAME = 4 << 20;

    // What arrived: the kind of a frame and its bytes, or "end" of the connection, or an "error".
    record Event(String kind, byte[] bytes) {
        @Override
        public String toString() {
            String text = new String(bytes, StandardCharsets.UTF_8);
            return kind + " " + bytes.length + " bytes: " + text.substring(0, Math.min(200, text.length()));
        }
    }

    static final class Failure extends RuntimeException {
        Failure(String what) {
            super(what);
        }
    }

    final WebSocketVersion version;
    final String extension;
    final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    final CompletableFuture<Void> opened = new CompletableFuture<>();
    final WebSocketClientHandshaker handshaker;
    Channel channel;

    NettyPeer(int port, WebSocketVersion version, String extension) {
        this.version = version;
        this.extension = extension;
        HttpHeaders headers = new DefaultHttpHeaders().add("Cookie", "a=b; c=d");
        handshaker = WebSocketClientHandshakerFactory.newHandshaker(
            URI.create("ws://127.0.0.1:" + port + "/echo?a=b"), version, null, !extension.equals("none"), headers,
            MAX_FRAME);
    }

    static WebSocketClientExtensionHandler offer(String extension) {
        return switch (extension) {
            case "default" -> WebSocketClientCompressionHandler.INSTANCE;
            case "permessage" -> new WebSocketClientExtensionHandler(
                new PerMessageDeflateClientExtensionHandshaker(6, true, 12, true, true));
            case "frame" -> new WebSocketClientExtensionHandler(new DeflateFrameClientExtensionHandshaker(6, false));
            case "webkit" -> new WebSocketClientExtensionHandler(new DeflateFrameClientExtensionHandshaker(6, true));
            default -> throw new IllegalArgumentException(extension);
        };
    }

    void connect(NioEventLoopGroup group, int port) throws Exception {
        Bootstrap bootstrap = new Bootstrap().group(group).channel(NioSocketChannel.class)
            .option(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(65536))
            .handler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel created) {
                    created.pipeline().addLast(new HttpClientCodec(), new HttpObjectAggregator(65536));
                    if (!extension.equals("none")) created.pipeline().addLast(offer(extension));
                    created.pipeline().addLast(new Receiver());
                }
            });
        channel = bootstrap.connect("127.0.0.1", port).sync().channel();
        opened.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        String compressing = switch (extension) {
            case "default", "permessage" -> "PerMessageDeflateDecoder";
            case "frame", "webkit" -> "PerFrameDeflateDecoder";
            default -> null;
        };
        if (compressing != null && !channel.pipeline().names().toString().contains(compressing)) {
            throw new Failure("no compression was agreed: " + channel.pipeline().names());
        }
    }

    final class Receiver extends SimpleChannelInboundHandler<Object> {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            handshaker.handshake(context.channel());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Object message) {
            if (!handshaker.isHandshakeComplete()) {
                handshaker.finishHandshake(context.channel(), (FullHttpResponse) message);
                opened.complete(null);
                return;
            }
            WebSocketFrame frame = (WebSocketFrame) message;
            String kind = frame.getClass().getSimpleName().replace("WebSocketFrame", "").toLowerCase();
            events.add(new Event(frame.isFinalFragment() ? kind : kind + "...", ByteBufUtil.getBytes(frame.content())));
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            opened.completeExceptionally(new Failure("ended during the handshake"));
            events.add(new Event("end", new byte[0]));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            opened.completeExceptionally(cause);
            events.add(new Event("error", cause.toString().getBytes(StandardCharsets.UTF_8)));
            context.close();
        }
    }

    // Netty's decoder of version 00 loses its place when a frame does not arrive in one read: it gets short ones only,
    // few at a time, and reads much at once.
    boolean hixie() {
        return version == WebSocketVersion.V00;
    }

    void send(WebSocketFrame frame) {
        channel.writeAndFlush(frame);
    }

    void expect(String kind, byte[] bytes, String what) throws InterruptedException {
        Event event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (event == null) throw new Failure(what + ": nothing came");
        if (!event.kind().equals(kind) || !Arrays.equals(event.bytes(), bytes)) {
            throw new Failure(what + ": wanted " + new Event(kind, bytes) + "\n got " + event);
        }
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ByteBuf buffer(byte[] bytes) {
        return Unpooled.wrappedBuffer(bytes);
    }

    // Text repeats itself, as text does; bytes hardly do. Only four bits of each: with windows below 15 netty
    // compresses through JZlib and loses the end of what gets longer by it.
    void echoEverySize() throws InterruptedException {
        Random random = new Random(13);
        int[] sizes = {0, 1, 125, 126, 127, 1000, 65535, 65536, 1 << 20};
        for (int size : hixie() ? Arrays.copyOf(sizes, 6) : sizes) {
            byte[] text = utf8("a\u00e9\u4e16\ud800\udf48".repeat(size / 10) + "x".repeat(size % 10));
            send(new TextWebSocketFrame(buffer(text)));
            expect("text", text, "text of " + size);
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            for (int i = 0; i < size; ++i) bytes[i] &= 0x0f;
            send(new BinaryWebSocketFrame(buffer(bytes)));
            if (!hixie()) expect("binary", bytes, "binary of " + size);  // 00 has none: the server drops it
        }
    }

    // All sent before the first is read.
    void echoManyInFlight() throws InterruptedException {
        int count = hixie() ? 50 : 1000;
        for (int i = 0; i < count; ++i) send(new TextWebSocketFrame("message " + i + " and " + i % 7));
        for (int i = 0; i < count; ++i) expect("text", utf8("message " + i + " and " + i % 7), "message " + i);
    }

    void echoPieces() throws InterruptedException {
        byte[] text = utf8("a\u20ac\ud800\udf48z".repeat(20));
        for (int i = 0; i < text.length; ++i) {
            ByteBuf piece = buffer(new byte[] {text[i]});
            boolean last = i == text.length - 1;
            send(i == 0 ? new TextWebSocketFrame(false, 0, piece) : new ContinuationWebSocketFrame(last, 0, piece));
            if (i % 50 == 0) {
                send(new PingWebSocketFrame(buffer(utf8("between " + i))));
                expect("pong", utf8("between " + i), "a pong between pieces");
            }
        }
        expect("text", text, "a message in pieces");
    }

    void ping() throws InterruptedException {
        for (int size : new int[] {0, 1, 125}) {
            send(new PingWebSocketFrame(buffer(utf8("p".repeat(size)))));
            expect("pong", utf8("p".repeat(size)), "a pong of " + size);
        }
    }

    static byte[] closeBody(int code, String reason) {
        byte[] text = utf8(reason);
        byte[] body = new byte[2 + text.length];
        body[0] = (byte) (code >> 8);
        body[1] = (byte) code;
        System.arraycopy(text, 0, body, 2, text.length);
        return body;
    }

    void close() throws InterruptedException {
        handshaker.close(channel, new CloseWebSocketFrame(1000, "done"));
        Event answer = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);  // the reason may be repeated or not
        byte[] code = hixie() ? new byte[0] : closeBody(1000, "");
        if (answer == null || !answer.kind().equals("close")
            || !Arrays.equals(Arrays.copyOf(answer.bytes(), Math.min(2, answer.bytes().length)), code)) {
            throw new Failure("the answer to a close: " + answer);
        }
        expect("end", new byte[0], "the connection after it");
    }

    void goodbye() throws InterruptedException {
        send(new TextWebSocketFrame("hello"));
        expect("text", utf8("hello"), "a greeting");
        System.out.println("ready");
        expect("close", hixie() ? new byte[0] : closeBody(1001, "server is going away"), "the server's goodbye");
        handshaker.close(channel, new CloseWebSocketFrame(1001, ""));
        expect("end", new byte[0], "the connection after it");
    }

    void act(String action) throws InterruptedException {
        if (action.equals("goodbye")) {
            goodbye();
            return;
        }
        echoEverySize();
        echoManyInFlight();
        if (!hixie()) {
            ping();
            echoPieces();
        }
        close();
    }

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        NioEventLoopGroup group = new NioEventLoopGroup(1);
        int code = 1;
        try {
            NettyPeer peer = new NettyPeer(port, WebSocketVersion.valueOf("V" + arguments[1]), arguments[2]);
            peer.connect(group, port);
            peer.act(arguments[3]);
            code = 0;
        } catch (Exception failure) {
            failure.printStackTrace();
        }
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        System.exit(code);
    }
}
