#include <hybi/io/network.h>

#include <gtest/gtest.h>

#include <arpa/inet.h>

namespace hybi::io {
namespace {

Address address(const char* text) {
  Address result;
  if (::inet_pton(AF_INET, text, result.ip) == 1) {
    result.family = Address::Family::V4;
  } else if (::inet_pton(AF_INET6, text, result.ip) == 1) {
    result.family = Address::Family::V6;
  } else {
    result.family = Address::Family::Unix;
  }
  return result;
}

TEST(IoNetworks, AnAddressIsInItsOwnAndInWiderNetworks) {
  struct Row {
    const char* network;
    const char* ip;
    bool in;
  };
  for (const Row& row :
       {Row{"127.0.0.1", "127.0.0.1", true}, Row{"127.0.0.1", "127.0.0.2", false},
        Row{"10.0.0.0/8", "10.255.1.2", true}, Row{"10.0.0.0/8", "11.0.0.0", false},
        Row{"192.0.2.128/25", "192.0.2.129", true}, Row{"192.0.2.128/25", "192.0.2.127", false},
        Row{"192.0.2.4/31", "192.0.2.5", true}, Row{"0.0.0.0/0", "8.8.8.8", true},
        Row{"0.0.0.0/0", "::1", false}, Row{"::1", "::1", true},
        Row{"2001:db8::/33", "2001:db8:7fff::1", true},
        Row{"2001:db8::/33", "2001:db8:8000::1", false}, Row{"unix", "unix", true},
        Row{"unix", "127.0.0.1", false}}) {
    Networks networks;
    ASSERT_TRUE(networks.add(row.network)) << row.network;
    EXPECT_EQ(networks.has(address(row.ip)), row.in) << row.network << " " << row.ip;
  }
  EXPECT_FALSE(Networks().has(address("127.0.0.1")));
}

TEST(IoNetworks, WhatIsNoNetworkIsRefused) {
  for (const char* text : {"", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                           "10.0.0.0/8x", "::/129", "10.0.0", "unix/1"}) {
    EXPECT_EQ(Networks().add(text).error().code, Errc::BadTrustedProxy) << text;
  }
}

}  // namespace
}  // namespace hybi::io
