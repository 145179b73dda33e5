#include <hybi/cli/chat_rooms.h>

#include <gtest/gtest.h>

namespace hybi::cli {
namespace {

using Sizes = std::vector<RoomSize>;

TEST(ChatRooms, RoomsAndSeatsAreBounded) {
  Rooms rooms({.rooms = 2, .people = 2});
  EXPECT_TRUE(rooms.admit("a", "Ada"));
  EXPECT_TRUE(rooms.admit("a", "Bob"));
  EXPECT_FALSE(rooms.admit("a", "Eve"));
  EXPECT_TRUE(rooms.admit("a", "Ada")) << "who has a seat keeps it";
  EXPECT_TRUE(rooms.admit("b", "Eve"));
  EXPECT_FALSE(rooms.admit("c", "Eve"));
  rooms.correct("a", {"Ada", "Bob"});
  rooms.correct("b", {"Eve"});
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"a", 2}, {"b", 1}}));
  EXPECT_EQ(rooms.fullest(1), (Sizes{{"a", 2}}));
}

TEST(ChatRooms, WhoHasGoneGivesUpTheSeatAndWhoIsOnTheWayKeepsIt) {
  Rooms rooms({.rooms = 1, .people = 1});
  rooms.admit("a", "Ada");
  rooms.correct("a", {});
  EXPECT_FALSE(rooms.admit("a", "Bob")) << "Ada may not have arrived yet";
  rooms.correct("a", {"Ada"});
  EXPECT_FALSE(rooms.admit("a", "Bob"));
  rooms.correct("a", {});
  EXPECT_EQ(rooms.fullest(9), Sizes{});
  EXPECT_TRUE(rooms.admit("b", "Bob")) << "an empty room is forgotten";
}

TEST(ChatRooms, WhoNeverArrivesLosesTheSeat) {
  Rooms rooms({.rooms = 1, .people = 1});
  rooms.admit("a", "Ada");
  rooms.correct("a", {});
  rooms.correct("a", {});
  EXPECT_EQ(rooms.names(), std::vector<std::string>{});
}

TEST(ChatRooms, RoomsWhereNobodyHasArrivedAreNotListed) {
  Rooms rooms({.rooms = 9, .people = 9});
  rooms.admit("a", "Ada");
  rooms.admit("b", "Ada");
  rooms.admit("b", "Bob");
  EXPECT_EQ(rooms.fullest(9), Sizes{});
  rooms.correct("b", {"Bob"});
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"b", 1}}));
  EXPECT_EQ(rooms.names(), (std::vector<std::string>{"a", "b"})) << "both are still looked at";
}

TEST(ChatRooms, OnePersonTakesNotAllRooms) {
  Rooms rooms({.rooms = 9, .people = 9, .each = 2});
  EXPECT_TRUE(rooms.admit("a", "Ada"));
  EXPECT_TRUE(rooms.admit("b", "Ada"));
  EXPECT_FALSE(rooms.admit("c", "Ada"));
  EXPECT_TRUE(rooms.admit("b", "Ada")) << "who has a seat keeps it";
  EXPECT_TRUE(rooms.admit("c", "Bob"));
  EXPECT_FALSE(rooms.admit("c", "Ada")) << "nor in a room that is there";
  rooms.correct("a", {});
  rooms.correct("a", {});
  EXPECT_TRUE(rooms.admit("c", "Ada")) << "a seat was given up";
  rooms.correct("b", {"Ada", "Bob", "Bob"});
  rooms.correct("b", {"Ada", "Bob"});
  EXPECT_FALSE(rooms.admit("d", "Bob")) << "who was found in a room has a seat there, once";
  rooms.correct("b", {"Ada"});
  EXPECT_TRUE(rooms.admit("d", "Bob"));
}

TEST(ChatRooms, OnlyWhoWasAdmittedAndHasNotGoneHasASeat) {
  Rooms rooms({.rooms = 9, .people = 9});
  EXPECT_FALSE(rooms.has_seat("a", "Ada"));
  rooms.admit("a", "Ada");
  EXPECT_TRUE(rooms.has_seat("a", "Ada"));
  EXPECT_FALSE(rooms.has_seat("a", "Bob"));
  EXPECT_FALSE(rooms.has_seat("b", "Ada"));
  rooms.correct("a", {"Ada"});
  EXPECT_TRUE(rooms.has_seat("a", "Ada"));
  rooms.correct("a", {});
  EXPECT_FALSE(rooms.has_seat("a", "Ada"));
}

TEST(ChatRooms, AListThatEndsEarlyTakesNobodysSeat) {
  Rooms rooms({.rooms = 9, .people = 9});
  rooms.admit("a", "Ada");
  rooms.correct("a", {"Ada"});
  rooms.correct("a", {"Bob"}, false);
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"a", 2}}));
  rooms.correct("a", {"Bob"});
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"a", 1}}));
}

TEST(ChatRooms, SomebodyOfSeveralClientsIsOne) {
  Rooms rooms({.rooms = 1, .people = 9});
  rooms.admit("a", "Ada");
  rooms.correct("a", {"Ada", "Ada", "Bob"});
  EXPECT_EQ(rooms.fullest(9), (Sizes{{"a", 2}}));
}

}  // namespace
}  // namespace hybi::cli
