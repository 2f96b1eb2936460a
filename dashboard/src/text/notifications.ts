export const notificationText = {
  title: 'Notifications',
  about: 'What you were told of, the newest first.',
  unreadOnly: 'Unread only',
  all: 'All',
  show: 'Show',
  readAll: 'Mark all as read',
  read: 'Mark as read',
  unread: 'unread',
  emptyTitle: 'Nothing to read',
  emptyAbout: 'You are told here when something needs you, or has ended well.',
};
