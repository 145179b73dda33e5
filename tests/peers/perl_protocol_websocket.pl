# A client made of Debian's libprotocol-websocket-perl and a plain socket:
#   perl_protocol_websocket.pl <port> <version as the module names it> echo|goodbye
# Says what it checks as TAP; with "goodbye" it prints "# ready" and waits for the server to end the connection.
use strict;
use warnings;
use Digest::SHA qw(sha1_base64);
use IO::Socket::INET;
use Protocol::WebSocket::Handshake::Client;
use Test::More;

my ($port, $version, $mode) = @ARGV;
my $hixie = $version eq 'draft-hixie-75' || $version eq 'draft-ietf-hybi-00';
my $url = "ws://127.0.0.1:$port/echo?a=b";
$| = 1;
alarm 120;    # a server that says nothing fails the test

# A connection: {socket, handshake, frame}, the latter takes what is received.
sub connected {
    my $handshake = Protocol::WebSocket::Handshake::Client->new(url => $url, version => $version);
    my $request = $handshake->req;
    my $key = 'dGhlIHNhbXBsZSBub25jZQ==';
    $request->key($key) unless $hixie;
    $request->origin('http://page.example');
    $request->subprotocol('chat');
    push @{$request->{headers}}, Cookie => 'a=b; c=d';
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
    print {$socket} $handshake->to_string;
    while (!$handshake->is_done) {
        sysread($socket, my $bytes, 65536) or BAIL_OUT('the handshake is not answered');
        $handshake->parse($bytes) or BAIL_OUT($handshake->error);
    }
    my $answer = $handshake->res;
    is($answer->subprotocol, undef, 'no subprotocol is agreed');
    if ($hixie) {
        is($answer->location, $url, 'the location is the URL');
        is($answer->origin, 'http://page.example', 'the origin comes back');
    }
    else {
        is($answer->field('Sec-WebSocket-Accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'the key is answered');
    }
    my $frame = $handshake->build_frame(max_payload_size => undef, max_fragments_amount => undef);
    return {socket => $socket, handshake => $handshake, frame => $frame};
}

sub send_frame {
    my ($peer, %frame) = @_;
    my $bytes = $peer->{handshake}->build_frame(max_payload_size => undef, %frame)->to_bytes;
    print {$peer->{socket}} $bytes or die "send: $!";
}

# The next message or control frame as [opcode, bytes]; nothing at the end of the connection.
sub receive {
    my ($peer) = @_;
    while (1) {
        my $payload = $peer->{frame}->next_bytes;
        return [$peer->{frame}->opcode, $payload] if defined $payload;
        sysread($peer->{socket}, my $bytes, 1 << 20) or return;
        $peer->{frame}->append($bytes);
    }
}

# Long payloads are compared, not printed.
sub echoes {
    my ($peer, $type, $payload, $what) = @_;
    send_frame($peer, type => $type, buffer => $payload);
    my $got = receive($peer) or return fail("$what: the connection ended");
    ok($got->[1] eq $payload, "$what comes back whole, " . length($got->[1]) . ' bytes');
    is($got->[0], $type eq 'text' ? 1 : 2, 'and keeps its kind') unless $hixie;
}

sub check_echo {
    my $peer = connected();
    for my $size (0, 1, 125, 126, 127, 65535, 65536, 1 << 20) {
        echoes($peer, 'text', 'x' x $size, "text of $size");
        next if $hixie;
        echoes($peer, 'binary', join('', map { chr($_ * 7 % 256) } 1 .. $size), "binary of $size");
    }
    for my $text ("\x{fc}", "\x{4e16}\x{754c}", "\x{10348}", "\x{0}\x{7f}\x{80}\x{ffff}\x{10ffff}") {
        utf8::encode(my $bytes = $text);
        echoes($peer, 'text', $bytes, 'text of ' . length($text) . ' characters');
    }

    send_frame($peer, type => 'text', buffer => "message $_") for 1 .. 500;
    my @got = map { (receive($peer) // [0, 'nothing'])->[1] } 1 .. 500;
    is_deeply(\@got, [map { "message $_" } 1 .. 500], '500 in flight come back in order');

    unless ($hixie) {
        utf8::encode(my $text = "a\x{20ac}\x{10348}z");
        my @pieces = split //, $text;
        for my $i (0 .. $#pieces) {
            send_frame($peer, type => $i ? 'continuation' : 'text', buffer => $pieces[$i], fin => $i == $#pieces ? 1 : 0);
            send_frame($peer, type => 'ping', buffer => "between $i");
        }
        is_deeply(receive($peer), [10, "between $_"], "pong $_ comes at once") for 0 .. $#pieces - 1;
        my @last = (receive($peer), receive($peer));
        is_deeply(\@last, [[1, $text], [10, "between $#pieces"]], 'pieces become one message, then the last pong');
    }
    check_close($peer);
}

sub check_close {
    my ($peer) = @_;
    if ($version eq 'draft-hixie-75') {
        shutdown($peer->{socket}, 1);
    }
    elsif ($hixie) {
        send_frame($peer, type => 'close');
        is_deeply(receive($peer), [8, ''], 'a close is answered by one');
    }
    else {
        send_frame($peer, type => 'close', buffer => pack('n', 1000) . 'done');
        my $answer = receive($peer) // [];
        is($answer->[0], 8, 'a close comes back');
        is(substr($answer->[1], 0, 2), pack('n', 1000), 'with its code; the reason may be repeated or not');
    }
    is(receive($peer), undef, 'then the connection ends');
    is($peer->{frame}{buffer}, '', 'and nothing was left over');
}

sub check_goodbye {
    my $peer = connected();
    echoes($peer, 'text', 'hello', 'a greeting');
    print "# ready\n";
    if ($version ne 'draft-hixie-75') {
        is_deeply(receive($peer), [8, $hixie ? '' : pack('n', 1001) . 'server is going away'], 'the server says goodbye');
        send_frame($peer, type => 'close', buffer => pack('n', 1001));
    }
    is(receive($peer), undef, 'the connection ends');
}

$mode eq 'goodbye' ? check_goodbye() : check_echo();
done_testing();
